/* SPDX-License-Identifier: ISC */
/* Sign-in: which attempts are checked and counted, and what a session gets. */

/* sources: app */

#include "auth_fixture.h"

#include "fakes/kore_fake.h"
#include "utils/jwt.h"
#include "utils/timefmt.h"

/* Signs in with a form; the answer's status. */
static int
post(const char *form)
{
	return (client_request("POST", TOKEN, form, FORM));
}

static int
sign_in(const char *email, const char *password)
{
	char	 form[3000];

	snprintf(form, sizeof(form), "username=%s&password=%s", email,
	    password);
	return (post(form));
}

static void
assert_refused(int status, int expected, const char *error)
{
	assert_int_equal(status, expected);
	assert_string_equal(client_text("error"), error);
}

/* Exact, and checked before anything else. */
static void
test_grant_type(void **state)
{
	static const char *const	bad[] = {
		"passwordx", "password%20", "+password", "passwor", "p",
		"Password", "PASSWORD", "client_credentials", "password%0a",
	};
	char	 form[200];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(form, sizeof(form), "grant_type=%s&username=ada%%40"
		    "example.com&password=" RIGHT, bad[i]);
		assert_refused(post(form), 400, "unsupported_grant_type");
		snprintf(form, sizeof(form), "grant_type=%s", bad[i]);
		assert_refused(post(form), 400, "unsupported_grant_type");
	}
	assert_int_equal(ncalls, 0);
	assert_int_equal(post("grant_type=password&username=ada@example.com"
	    "&password=" RIGHT), 200);
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
}

static void
test_both_are_required(void **state)
{
	(void)state;
	assert_refused(post("username=ada@example.com"), 400,
	    "invalid_request");
	assert_refused(post("password=" RIGHT), 400, "invalid_request");
	assert_refused(post("grant_type=password"), 400, "invalid_request");
	assert_int_equal(ncalls, 0);
}

/* No scope is known: each is refused before anything is read or counted. */
static void
test_scope(void **state)
{
	static const char	account[] = "username=ada@example.com&password="
				    RIGHT;
	static const char *const	asked[] = { "read", "+", "%22" },
				*const	empty[] = { "", "&scope", "&scope=" };
	char	 form[200];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		snprintf(form, sizeof(form), "%s&scope=%s", account, asked[i]);
		assert_refused(post(form), 400, "invalid_scope");
	}
	assert_refused(post("scope=read&username=a"), 400, "invalid_request");
	assert_int_equal(ncalls, 0);
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		snprintf(form, sizeof(form), "%s%s", account, empty[i]);
		assert_int_equal(post(form), 200);
		assert_null(client_json("scope"));
	}
}

static int
log_in(const char *username, const char *password)
{
	char	 body[3000];

	snprintf(body, sizeof(body), "{\"username\":\"%s\",\"password\":"
	    "\"%s\"}", username, password);
	return (client_request("POST", "/api/v1/auth/login", body));
}

/* The same session, the same failure and the same limits. */
static void
test_sign_in_with_json(void **state)
{
	(void)state;
	assert_refused(log_in("", RIGHT), 400, "invalid_request");
	assert_refused(log_in("ada@example.com", ""), 400, "invalid_request");
	assert_int_equal(ncalls, 0);
	assert_refused(log_in("ada@example.com", "Wrong-passw0rd"), 400,
	    "invalid_grant");
	assert_string_equal(client_text("error_description"),
	    "Incorrect username or password");
	assert_int_equal(called("sign_ins.count_attempt"), 1);
	assert_int_equal(called("sessions.create"), 0);
	assert_non_null(strstr(client_header("ratelimit-policy"),
	    "\"sign_in_failures\""));
	assert_int_equal(log_in("ADA@example.com", RIGHT), 200);
	assert_string_equal(client_text("token_type"), "bearer");
	assert_int_equal(client_number("expires_in"), 900);
	assert_string_equal(client_header("pragma"), "no-cache");
	assert_int_equal(called("sessions.create"), 1);
	ada.is_active = false;
	assert_refused(log_in("ada@example.com", RIGHT), 400,
	    "invalid_grant");
	says.refuses = true;
	assert_refused(log_in("ada@example.com", RIGHT), 429,
	    "temporarily_unavailable");
}

/* Its lifetime, its network and its token. */
static void
test_a_session_is_created(void **state)
{
	const struct call	*create;
	struct jwt_claims	 claims;
	int64_t			 before = timefmt_now(), expires_at;
	char			 text[TIMEFMT_TEXT];

	(void)state;
	assert_int_equal(sign_in("ADA@example.com", RIGHT), 200);
	assert_int_equal(client_number("expires_in"), 900);
	assert_string_equal(client_text("token_type"), "bearer");
	assert_string_equal(client_header("cache-control"), "no-store");
	assert_null(client_header("ratelimit-policy") == NULL ? NULL :
	    strstr(client_header("ratelimit-policy"), "failures"));
	assert_int_equal(called("sessions.create"), 1);
	create = last_call("sessions.create");
	assert_string_equal(create->params[1], ADA);
	assert_memory_equal(create->params[2], "192.0.2.", 8);
	assert_string_equal(create->params[4], hash);
	assert_string_equal(create->params[5], NETWORK);

	for (expires_at = before; ; expires_at += 1000000) {
		assert_true(expires_at <= timefmt_now() + 1000000);
		timefmt_rfc3339(expires_at + INT64_C(30) * 86400 * 1000000,
		    text);
		if (strncmp(text, create->params[3], 19) == 0)
			break;
	}
	assert_int_equal(jwt_verify(&config.jwt_key,
	    client_text("access_token"), config.public_url, config.public_url,
	    timefmt_now() / 1000000, 0, &claims), JWT_OK);
	assert_string_equal(claims.sub, ADA);
	assert_string_equal(claims.sid, create->params[0]);
	assert_string_equal(claims.client_id, "keel");
	assert_int_equal(claims.exp - claims.iat, 900);
}

/* Their password is checked again: they may have changed it meanwhile. */
static void
test_a_user_who_changed_meanwhile(void **state)
{
	(void)state;
	says.changed = 0;
	assert_refused(sign_in("ada@example.com", RIGHT), 400,
	    "invalid_grant");
	assert_int_equal(called("sessions.create"), 2);
}

/* It is replaced, and the session is one of the new hash. */
static void
test_an_old_hash(void **state)
{
	const struct call	*set;

	(void)state;
	ada.hashed_password = OLD_HASH;
	assert_refused(sign_in("ada@example.com", "Wrong-passw0rd"), 400,
	    "invalid_grant");
	assert_int_equal(called("users.set_password"), 0);
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
	set = last_call("users.set_password");
	assert_string_equal(set->params[0], ADA);
	assert_string_equal(set->params[1], OLD_HASH);
	assert_int_equal(password_verify(RIGHT, set->params[2]),
	    PASSWORD_RIGHT);
	assert_int_equal(called("sessions.create"), 1);
	assert_string_equal(last_call("sessions.create")->params[4],
	    set->params[2]);

	/* Another request was first: then the database decides. */
	ada.hashed_password = OLD_HASH;
	says.keeps_hash = true;
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
	assert_string_equal(last_call("sessions.create")->params[4],
	    OLD_HASH);
	ada.hashed_password = hash;
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
	assert_int_equal(called("users.set_password"), 2);
}

/* Every attempt is counted, before it is checked. */
static void
test_an_attempt_is_counted(void **state)
{
	const struct call	*count;

	(void)state;
	assert_refused(sign_in("ada@example.com", wrong), 400,
	    "invalid_grant");
	assert_int_equal(ncalls, 2);
	count = last_call("sign_ins.count_attempt");
	assert_string_equal(count->params[0], ADA);
	assert_string_equal(count->params[1], ADA);
	assert_string_equal(count->params[2], NETWORK);
	assert_string_equal(count->params[3], "100");

	says.refuses = true;
	assert_refused(sign_in("ada@example.com", RIGHT), 429,
	    "temporarily_unavailable");
	assert_string_equal(client_header("retry-after"), "3600");
	assert_int_equal(called("sign_ins.count_attempt"), 2);
	assert_int_equal(called("sessions.create"), 0);
}

/* They wait for a hash in the queue of those who are known. */
static void
test_a_known_network_has_its_queue(void **state)
{
	(void)state;
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
	assert_false(last_call("sessions.create")->known);
	says.count.known = true;
	assert_int_equal(sign_in("ada@example.com", RIGHT), 200);
	assert_true(last_call("sessions.create")->known);
}

/* How many passwords a sign-in compares: each takes as long as any other. */
static unsigned
compared(const char *email, const char *password)
{
	unsigned	 before = fake_tasks();

	assert_refused(sign_in(email, password), 400, "invalid_grant");
	return (fake_tasks() - before);
}

/* So the time does not tell whether there is such an account. */
static void
test_every_refusal_takes_as_long(void **state)
{
	(void)state;
	assert_int_equal(compared("ada@example.com", "Wrong-passw0rd"), 1);
	assert_int_equal(compared("new@example.com", "Wrong-passw0rd"), 1);
	assert_int_equal(compared("no address", "Wrong-passw0rd"), 1);
	ada.is_active = false;
	assert_int_equal(compared("ada@example.com", RIGHT), 1);
	ada.is_active = true;

	/* This hash is not compared with anything; the second one is. */
	ada.hashed_password = "odd";
	assert_int_equal(compared("ada@example.com", RIGHT), 2);
	ada.hashed_password = "";
	assert_int_equal(compared("ada@example.com", RIGHT), 2);

	/* Nobody has such a password. */
	assert_int_equal(compared("ada@example.com", wrong), 0);
	assert_int_equal(compared("new@example.com", wrong), 0);
}

static const char *
account_of(const char *username)
{
	static char	 accounts[4][300];
	static size_t	 n;
	char		*account = accounts[n++ % 4];

	assert_refused(sign_in(username, wrong), 400, "invalid_grant");
	strcpy(account, last_call("sign_ins.count_attempt")->params[0]);
	assert_string_equal(last_call("sign_ins.count_attempt")->params[1],
	    "(null)");
	return (account);
}

/* Counted under one key in every spelling, which does not tell the address. */
static void
test_an_unknown_account(void **state)
{
	const char	*key = account_of("new@example.com");
	char		 one[501], other[501];

	(void)state;
	assert_int_equal(strlen(key), 64);
	assert_int_equal(strspn(key, "0123456789abcdef"), 64);
	assert_string_equal(key, account_of("NEW@Example.com"));
	assert_string_equal(key, account_of("new@example%E3%80%82com"));
	assert_string_not_equal(key, account_of("new@example.org"));
	assert_string_not_equal(account_of("nobody"), account_of("anybody"));
	assert_string_equal(account_of("NOBODY"), account_of("nobody"));

	/* The whole address counts. */
	memset(one, 'a', sizeof(one) - 1);
	one[sizeof(one) - 1] = '\0';
	strcpy(other, one);
	other[sizeof(other) - 2] = 'b';
	assert_string_not_equal(account_of(one), account_of(other));
}

/* After five failures in a minute the next attempt is refused. */
static void
assert_sixth_refused(const char *email, const char *password)
{
	int	 i;

	for (i = 4; i >= 0; i--) {
		char	 left[100];

		snprintf(left, sizeof(left), "\"sign_in_failures\";r=%d", i);
		assert_refused(sign_in(email, password), 400,
		    "invalid_grant");
		assert_non_null(strstr(client_header("ratelimit"), left));
	}
	assert_refused(sign_in(email, password), 429,
	    "temporarily_unavailable");
	assert_non_null(strstr(client_header("ratelimit-policy"),
	    "\"sign_in_failures\";q=5;w=60"));
	assert_in_range(atoi(client_header("retry-after")), 1, 12);
}

static void
test_failures_of_one_account(void **state)
{
	(void)state;
	assert_sixth_refused("ada@example.com", wrong);
	assert_sixth_refused("new@example.com", wrong);
}

/* A disabled account's right password is a failure like a wrong one. */
static void
test_a_disabled_account(void **state)
{
	(void)state;
	ada.is_active = false;
	assert_sixth_refused("ada@example.com", RIGHT);
	assert_string_equal(last_call("sign_ins.count_attempt")->params[0],
	    ADA);
	assert_int_equal(called("sessions.create"), 0);
	ada.is_active = true;
	assert_refused(sign_in("ada@example.com", RIGHT), 429,
	    "temporarily_unavailable");
}

/* Whatever the accounts. */
static void
test_failures_of_one_address(void **state)
{
	char	 email[40];
	int	 i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(email, sizeof(email), "a%d@example.com", i);
		assert_refused(sign_in(email, wrong), 400, "invalid_grant");
	}
	assert_non_null(strstr(client_header("ratelimit-policy"),
	    "\"address_failures\";q=20;w=60"));
	assert_refused(sign_in("ada@example.com", RIGHT), 429,
	    "temporarily_unavailable");
	assert_int_equal(called("sign_ins.count_attempt"), 20);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		AUTH_TEST(test_grant_type),
		AUTH_TEST(test_both_are_required),
		AUTH_TEST(test_scope),
		AUTH_TEST(test_sign_in_with_json),
		AUTH_TEST(test_a_session_is_created),
		AUTH_TEST(test_a_user_who_changed_meanwhile),
		AUTH_TEST(test_an_old_hash),
		AUTH_TEST(test_an_attempt_is_counted),
		AUTH_TEST(test_a_known_network_has_its_queue),
		AUTH_TEST(test_every_refusal_takes_as_long),
		AUTH_TEST(test_an_unknown_account),
		AUTH_TEST(test_failures_of_one_account),
		AUTH_TEST(test_a_disabled_account),
		AUTH_TEST(test_failures_of_one_address),
	};

	return (cmocka_run_group_tests_name("auth_sign_in", tests, auth_start,
	    NULL));
}
