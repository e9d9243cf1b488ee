/* SPDX-License-Identifier: ISC */
/* What the second run of a request finds of the first: nothing of its own. */

/* sources: app tests/unit/fakes/argon2_fake.c */

#include "requests_fixture.h"

#include "base/metrics.h"
#include "dependencies.h"
#include "http/respond.h"
#include "modules/users/users.h"

static unsigned		 runs;
static const char	*breaks;	/* the statement that collides */
static unsigned		 times;
static const char	*tag;		/* of that statement; NULL: an error */

static const char	 NO_ROWS[] = "no rows";

static PGresult *
answer(const struct query *q, const char *name, const char *const *params)
{
	if (strcmp(name, breaks) == 0 && times > 0) {
		times--;
		if (tag == NO_ROWS)
			return (fake_rows(q, 0, NULL));
		return (tag != NULL ? fake_done(tag) :
		    fake_error("40001", "collision", NULL));
	}
	return (agree(q, name, params));
}

static void
break_at(const char *name, unsigned n)
{
	fake_db_clear();
	fake_db.answer = answer;
	breaks = name;
	times = n;
	tag = NULL;
	runs = 0;
}

static struct user	boss = { .id = ACTOR, .role = "admin",
			    .hashed_password = hash, .version = 7 };

/* Sets what the first run must not leave behind. */
static void
as_admin_with_marks(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &boss;
	runs++;
	respond_header(c, "link", runs == 1 ? "<first>" : "<second>");
	if (runs == 1) {
		error_header(c, "warning", "first");
		c->response.is_static = true;
		c->response.status = 418;
	}
}

static unsigned
headers_named(const char *name)
{
	const char	*p = client_head();
	unsigned	 n = 0;
	char		 mark[64];

	snprintf(mark, sizeof(mark), "\n%s: ", name);
	while ((p = strstr(p, mark)) != NULL) {
		p++;
		n++;
	}
	return (n);
}

static void
test_headers_of_the_first_run_are_dropped(void **state)
{
	(void)state;
	break_at("users.lock_admins", 1);
	override_dependency(&signed_in, as_admin_with_marks, "delete_user");
	assert_int_equal(ask(request_of("delete_user")), 204);
	assert_int_equal(runs, 2);
	assert_int_equal(headers_named("link"), 1);
	assert_string_equal(client_header("link"), "<second>");
	assert_null(client_header("warning"));
}

static void
test_errors_of_the_first_run_are_dropped(void **state)
{
	(void)state;
	break_at("users.lock_admins", 2);
	override_dependency(&signed_in, as_admin_with_marks, "delete_user");
	assert_int_equal(ask(request_of("delete_user")), 503);
	assert_int_equal(runs, 2);
	assert_null(client_header("link"));
	assert_null(client_header("warning"));
	assert_int_equal(headers_named("retry-after"), 1);
}

/* The users are read again, though the override reads only one of them. */
static void
test_users_of_the_first_run_are_dropped(void **state)
{
	unsigned	 i, n = 0;

	(void)state;
	break_at("users.lock_admins", 1);
	override_dependency(&signed_in, as_admin_with_marks, "delete_user");
	ask(request_of("delete_user"));
	for (i = 0; i < fake_db.nsent; i++)
		n += strcmp(fake_db.sent[i], "users.find_by_id") == 0;
	assert_int_equal(n, 2);
}

/* Signed in when the request came, and no longer when it runs again. */
static void
as_admin_once(struct ctx *c, const struct dependency *d)
{
	(void)d;
	if (++runs == 1)
		c->user = &boss;
}

static void
test_who_was_signed_in_is_asked_again(void **state)
{
	(void)state;
	break_at("users.create", 1);
	override_dependency(&signed_in_or_none, as_admin_once, "create_user");
	assert_int_equal(ask(&(struct asked){ "create_user", NULL, "",
	    "{\"email\": \"new@example.com\", \"name\": \"New\", "
	    "\"password\": \"" PASSWORD "\", \"role\": \"staff\"}", NULL }),
	    403);
	assert_int_equal(runs, 2);
	assert_int_equal(fake_db.nwritten, 0);
}

/* The hash has changed since it was read: the second run reads it again. */
static void
test_a_field_is_wrong_once(void **state)
{
	char	 level[16];

	(void)state;
	break_at("users.set_password", 1);
	tag = "UPDATE 0";
	assert_int_equal(ask(request_of("change_password")), 204);
	assert_int_equal(fake_db.rolled_back, 1);
	assert_string_equal(client_body(), "");

	break_at("users.set_password", 2);
	tag = "UPDATE 0";
	assert_int_equal(ask_and_log(request_of("change_password")), 422);
	assert_int_equal(json_array_size(client_json("error.details")), 1);
	assert_string_equal(client_text("error.details.0.code"), "incorrect");
	assert_int_equal(fake_db.rolled_back, 2);
	assert_int_equal(logged(NULL, level), 1);
}

static void
test_a_user_who_changes_during_the_sign_in(void **state)
{
	(void)state;
	break_at("sessions.create", 1);
	tag = NO_ROWS;
	assert_int_equal(ask(request_of("create_token")), 200);
	assert_null(client_json("error"));

	break_at("sessions.create", 2);
	tag = NO_ROWS;
	assert_int_equal(ask(request_of("create_token")), 400);
	assert_string_equal(client_text("error"), "invalid_grant");
}

static void
test_a_client_that_leaves_between_the_runs(void **state)
{
	uint64_t	 before = metrics->total.requests[2];
	char		 level[16];

	(void)state;
	break_at("users.update", 1);
	fake_db.waiting = client_leaves;
	assert_int_equal(ask_and_log(request_of("update_user")), 0);
	assert_string_equal(client_head(), "0\n");
	assert_int_equal(fake_db.nwritten, 3);
	assert_int_equal(fake_db.rolled_back, 1);
	assert_int_equal(logged("request", level), 1);
	assert_non_null(strstr(log_text, "\"status\":200,"));
	assert_non_null(strstr(log_text, "\"client_gone\":true"));
	assert_int_equal(metrics->total.requests[2], before + 1);
}

/* The second run hashes the password again: nobody waits for that. */
static void
test_work_for_a_client_that_has_left_is_not_done(void **state)
{
	(void)state;
	break_at("users.create", 1);
	fake_db.waiting = client_leaves;
	assert_int_equal(ask_and_log(request_of("create_user")), 0);
	assert_int_equal(fake_db.nwritten, 0);
	assert_non_null(strstr(log_text, "\"status\":503,"));
}

/* The first run's coroutine ends before the second one begins. */
static void
test_the_last_coroutine_is_enough(void **state)
{
	(void)state;
	break_at("users.create", 1);
	coro_init(1, fake_schedule);
	assert_int_equal(ask(request_of("create_user")), 201);
	coro_init(4, fake_schedule);
}

static void
allow_no_coroutine(void)
{
	coro_init(0, fake_schedule);
}

static void
test_without_a_coroutine_it_does_not_run_again(void **state)
{
	(void)state;
	break_at("users.create", 1);
	fake_db.waiting = allow_no_coroutine;
	assert_int_equal(ask(request_of("create_user")), 503);
	coro_init(4, fake_schedule);
	assert_string_equal(client_text("error.message"),
	    "The request collided with another");
	assert_int_equal(fake_db.nwritten, 0);
	assert_int_equal(fake_db.rolled_back, 1);
	assert_int_equal(fake_db.nsent, 2);
}

static void
take_time(void)
{
	if (fake_db.nsent == 1)
		usleep(30000);
}

static void
test_its_duration_has_both_runs(void **state)
{
	const char	*took;

	(void)state;
	break_at("users.create", 1);
	fake_db.waiting = take_time;
	assert_int_equal(ask_and_log(request_of("create_user")), 201);
	took = strstr(log_text, "\"duration_us\":");
	assert_non_null(took);
	assert_true(atoi(took + 14) >= 30000);
}

/* A wrong password is counted once, and so is what it spends. */
static void
test_a_failure_is_spent_once(void **state)
{
	const struct asked	 wrong = { "create_token", NULL, "",
				    "username=third@example.com&password=x",
				    FORM };
	char			 once[4096];

	(void)state;
	break_at("", 0);
	assert_int_equal(ask(&wrong), 400);
	assert_non_null(strstr(client_header("ratelimit"),
	    "\"sign_in_failures\";r=4"));
	snprintf(once, sizeof(once), "%s", client_header("ratelimit-policy"));

	break_at("sign_ins.count_attempt", 1);
	assert_int_equal(ask(&wrong), 400);
	assert_string_equal(client_header("ratelimit-policy"), once);
	assert_non_null(strstr(client_header("ratelimit"),
	    "\"sign_in_failures\";r=4"));
	assert_non_null(strstr(client_header("ratelimit"),
	    "\"address_failures\";r=19"));
	/* The attempt, and the refusal in the audit log. */
	assert_int_equal(fake_db.nwritten, 2);

	break_at("audit.add", 1);
	assert_int_equal(ask(&wrong), 400);
	assert_non_null(strstr(client_header("ratelimit"),
	    "\"address_failures\";r=19"));
	assert_int_equal(fake_db.nwritten, 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_headers_of_the_first_run_are_dropped),
		CLIENT_TEST(test_errors_of_the_first_run_are_dropped),
		CLIENT_TEST(test_users_of_the_first_run_are_dropped),
		CLIENT_TEST(test_who_was_signed_in_is_asked_again),
		CLIENT_TEST(test_a_field_is_wrong_once),
		CLIENT_TEST(test_a_user_who_changes_during_the_sign_in),
		CLIENT_TEST(test_a_client_that_leaves_between_the_runs),
		CLIENT_TEST(test_work_for_a_client_that_has_left_is_not_done),
		CLIENT_TEST(test_the_last_coroutine_is_enough),
		CLIENT_TEST(test_without_a_coroutine_it_does_not_run_again),
		CLIENT_TEST(test_its_duration_has_both_runs),
		CLIENT_TEST(test_a_failure_is_spent_once),
	};

	return (cmocka_run_group_tests_name("retry_state", tests,
	    start_with_password, NULL));
}
