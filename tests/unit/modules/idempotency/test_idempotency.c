/* SPDX-License-Identifier: ISC */
/* Which statements a request with an Idempotency-Key sends, in what order. */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "modules/idempotency/idempotency_fixture.h"

static void
test_the_answer_is_in_the_transaction_of_the_work(void **state)
{
	(void)state;
	begin_test();
	assert_int_equal(ask(&keyed), 201);
	assert_string_equal(sent(), "idempotency_keys.find " OPENED " " CREATED
	    " " CLOSED);
	assert_null(client_header("idempotent-replayed"));
	assert_int_equal(fake_db.held, 0);
	/* Without the key there is nothing of it. */
	begin_test();
	assert_int_equal(ask(request_of("create_user")), 201);
	assert_string_equal(sent(), "BEGIN " CREATED " COMMIT");
}

/* What decides who may do it belongs to no transaction, and holds none open. */
static void
test_a_dependency_opens_no_transaction(void **state)
{
	const struct asked	 staff = { "create_user", "admin", "",
				    "{\"email\": \"new@example.com\", "
				    "\"name\": \"New\", \"password\": \""
				    PASSWORD "\", \"role\": \"staff\"}", KEY };

	(void)state;
	begin_test();
	assert_int_equal(ask(&staff), 201);
	assert_string_equal(sent(), "users.find_signed_in "
	    "idempotency_keys.find sessions.is_confirmed " OPENED
	    " users.lock_admins " CREATED " " CLOSED);
}

static void
test_what_is_stored(void **state)
{
	(void)state;
	begin_test();
	assert_int_equal(ask(&keyed), 201);
	assert_int_equal(strlen(stored[0]), 64);
	assert_null(stored[1]);
	assert_int_equal(strlen(stored[2]), 64);
	assert_string_equal(stored[3], "201");
	assert_non_null(strstr(stored[4], "content-type: application/json\n"));
	assert_non_null(strstr(stored[4], "etag: "));
	assert_non_null(strstr(stored[4], "location: /api/v1/users/"));
	assert_null(strstr(stored[4], "x-request-id"));
	assert_null(strstr(stored[4], "date: "));
	assert_string_equal(stored[5], client_body());

	begin_test();
	assert_int_equal(ask(&(struct asked){ "send_reset_link", "admin", "",
	    NULL, KEY }), 202);
	assert_string_equal(stored[1], ACTOR);
	assert_string_equal(stored[3], "202");
	assert_string_equal(stored[4], "");
	assert_null(stored[5]);
}

static void
assert_replayed(void)
{
	assert_string_equal(client_header("idempotent-replayed"), "true");
	assert_string_equal(client_header("location"), "/x");
	assert_string_equal(client_header("etag"), TAG);
	assert_string_equal(client_header("link"), "a: b");
	assert_non_null(strstr(client_head(), "location: /x\netag: " TAG
	    "\nlink: a: b\n"));
	assert_string_equal(client_body(), "{\"stored\":1}");
	assert_int_equal(fake_db.nwritten, 0);
	assert_int_equal(fake_db.held, 0);
}

static void
test_a_stored_response_ends_the_request(void **state)
{
	(void)state;
	begin_test();
	found_at = 1;
	assert_int_equal(ask(&keyed), 201);
	assert_replayed();
	assert_string_equal(sent(), "idempotency_keys.find");
	assert_int_equal(fake_db.confirmed, 1);
	/* One that was stored after the first look, too. */
	begin_test();
	found_at = 2;
	assert_int_equal(ask(&keyed), 201);
	assert_replayed();
	assert_string_equal(sent(), "idempotency_keys.find " OPENED
	    " COMMIT");
	assert_int_equal(fake_db.confirmed, 1);
	assert_int_equal(fake_db.rolled_back, 0);
}

static void
test_the_key_of_another_request(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		begin_test();
		found_at = i;
		is_other = true;
		assert_int_equal(ask(&keyed), 422);
		assert_string_equal(client_text("error.details.0.field"),
		    "header.idempotency-key");
		assert_string_equal(client_text("error.details.0.code"),
		    "reused");
		assert_null(client_header("idempotent-replayed"));
		assert_null(client_header("location"));
	}
}

static void
test_a_key_that_is_being_used(void **state)
{
	(void)state;
	begin_test();
	is_locked = false;
	assert_int_equal(ask(&keyed), 409);
	assert_string_equal(client_text("error.code"), "CONFLICT");
	assert_string_equal(client_header("retry-after"), "1");
	assert_string_equal(sent(), "idempotency_keys.find BEGIN "
	    "idempotency_keys.lock");
	assert_int_equal(fake_db.rolled_back, 1);
}

static void
test_a_commit_that_fails(void **state)
{
	(void)state;
	begin_test();
	commit = NULL;
	assert_int_equal(ask(&keyed), 503);
	assert_null(client_header("location"));
	assert_int_equal(fake_db.held, 0);
	begin_test();
	commit = "ROLLBACK";
	assert_int_equal(ask(&keyed), 500);
	assert_string_equal(client_raised(), "The transaction had failed");
	assert_int_equal(fake_db.held, 0);
}

static void
test_keys(void **state)
{
	static char		 line[300] = "idempotency-key: ";
	static const char *const	 bad[] = {
		"idempotency-key:", "idempotency-key: a\x7f",
		"idempotency-key: \x80", "idempotency-key: a\x1f", line
	};
	static const char *const	 good[] = {
		"idempotency-key: a b", "idempotency-key: ~",
		"idempotency-key: !", line
	};
	size_t			 i, at = strlen(line);
	struct asked		 a = keyed;

	(void)state;
	memset(line + at, 'x', 256);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_test();
		a.line = bad[i];
		assert_int_equal(ask(&a), 422);
		assert_string_equal(client_text("error.details.0.field"),
		    "header.idempotency-key");
		assert_string_equal(client_text("error.details.0.message"),
		    "Must have 1 to 255 printable ASCII characters");
		assert_int_equal(fake_db.nsent, 0);
	}
	line[at + 255] = '\0';
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		begin_test();
		a.line = good[i];
		assert_int_equal(ask(&a), 201);
		assert_string_equal(stored[3], "201");
	}
}

/* Other endpoints do not read it, not even if it is none. */
static void
test_an_endpoint_without_the_flag(void **state)
{
	(void)state;
	begin_test();
	assert_int_equal(ask(&(struct asked){ "update_me", "admin", "",
	    "{\"name\": \"New\"}", "idempotency-key:" }), 200);
	assert_null(strstr(sent(), "idempotency"));
}

/* Another scope for each of these, and another hash of the request. */
static void
test_what_makes_another_answer(void **state)
{
	static char	 first[2][65];
	struct asked	 a = keyed;

	(void)state;
	begin_test();
	ask(&a);
	strcpy(first[0], stored[0]);
	strcpy(first[1], stored[2]);
	begin_test();
	ask(&a);
	assert_string_equal(stored[0], first[0]);
	assert_string_equal(stored[2], first[1]);

	begin_test();
	a.line = "idempotency-key: two";
	ask(&a);
	assert_string_not_equal(stored[0], first[0]);
	assert_string_equal(stored[2], first[1]);

	a = keyed;
	a.body = " " BODY;
	begin_test();
	ask(&a);
	assert_string_not_equal(stored[0], first[0]);	/* a stranger's */
	assert_string_not_equal(stored[2], first[1]);

	a.role = "admin";
	begin_test();
	ask(&a);
	strcpy(first[0], stored[0]);
	a.body = BODY;
	begin_test();
	ask(&a);
	assert_string_equal(stored[0], first[0]);	/* a user's */
	assert_string_equal(stored[2], first[1]);
}

/*
 * Both hashes of a secret that was replaced are asked for, too: the request's,
 * the scope's.
 */
static char	now[2][65], old[2][65];

static void
note(char to[2][65], const char *request, const char *scope)
{
	snprintf(to[0], sizeof(to[0]), "%s", request != NULL ? request : "");
	snprintf(to[1], sizeof(to[1]), "%s", scope != NULL ? scope : "");
}

static PGresult *
note_hashes(const struct query *q, const char *name,
    const char *const *params)
{
	if (strcmp(name, "idempotency_keys.find") == 0) {
		note(now, params[0], params[2]);
		note(old, params[1], params[3]);
	}
	return (answer(q, name, params));
}

static void
test_a_previous_secret(void **state)
{
	struct jwt_key	 before = config.jwt_key;
	char		 first[2][65];

	(void)state;
	begin_test();
	fake_db.answer = note_hashes;
	assert_int_equal(ask(&keyed), 201);
	assert_string_equal(old[0], "");
	assert_string_equal(old[1], "");
	memcpy(first, now, sizeof(first));

	begin_test();
	fake_db.answer = note_hashes;
	client_setup(NULL);
	asked = &keyed;
	config.jwt_key.secret = "another";
	config.jwt_key.secret_len = strlen("another");
	config.jwt_key.previous = &before;
	assert_int_equal(client_request("POST", USERS, BODY, KEY), 201);
	assert_memory_equal(old, first, sizeof(first));
	assert_string_not_equal(now[0], old[0]);
	assert_string_not_equal(now[1], old[1]);
	assert_string_equal(stored[0], now[1]);
	assert_string_equal(stored[2], now[0]);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_the_answer_is_in_the_transaction_of_the_work),
		CLIENT_TEST(test_a_dependency_opens_no_transaction),
		CLIENT_TEST(test_what_is_stored),
		CLIENT_TEST(test_a_stored_response_ends_the_request),
		CLIENT_TEST(test_the_key_of_another_request),
		CLIENT_TEST(test_a_key_that_is_being_used),
		CLIENT_TEST(test_a_commit_that_fails),
		CLIENT_TEST(test_keys),
		CLIENT_TEST(test_an_endpoint_without_the_flag),
		CLIENT_TEST(test_what_makes_another_answer),
		CLIENT_TEST(test_a_previous_secret),
	};

	return (cmocka_run_group_tests_name("idempotency", tests,
	    start_with_password, NULL));
}
