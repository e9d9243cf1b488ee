/* SPDX-License-Identifier: ISC */
/* A password change, and what is deleted when it is old. */

/* sources: app */

#include "auth_fixture.h"

#include "fakes/kore_fake.h"
#include "http/respond.h"
#include "http/routes.h"

#define NEW	"Rainy-day-43"

static void
as_user(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &ada;
}

static int
change(const char *current, const char *new)
{
	char	 body[2400];

	snprintf(body, sizeof(body), "{\"current_password\": \"%s\", "
	    "\"new_password\": \"%s\"}", current, new);
	return (client_request("POST", PASSWORD, body));
}

static int
setup(void **state)
{
	int	 status = auth_setup(state);

	overrides_clear();	/* there is room for 16 */
	replace_all("create_token");
	replace_all("change_password");
	override_dependency(&signed_in, as_user, "change_password");
	override_dependency(&recently_confirmed, confirmed, "change_password");
	return (status);
}

static void
assert_incorrect(int status)
{
	assert_int_equal(status, 422);
	assert_string_equal(client_text("error.details.0.field"),
	    "body.current_password");
	assert_string_equal(client_text("error.details.0.code"), "incorrect");
}

/* All sessions end, and only this network stays known. */
static void
test_a_change(void **state)
{
	const struct call	*set, *count;

	(void)state;
	assert_int_equal(change(RIGHT, NEW), 204);
	assert_int_equal(ncalls, 7);
	assert_string_equal(last_call("users.drop_pending_email")->params[0],
	    ADA);
	count = last_call("sign_ins.count_attempt");
	assert_string_equal(count->params[0], ADA);
	assert_string_equal(count->params[1], ADA);
	assert_string_equal(count->params[2], NETWORK);
	assert_string_equal(count->params[3], "100");
	set = last_call("users.set_password");
	assert_string_equal(set->params[0], ADA);
	assert_string_equal(set->params[1], hash);
	assert_int_equal(password_verify(NEW, set->params[2]),
	    PASSWORD_RIGHT);
	assert_string_equal(last_call("sessions.revoke_all")->params[0], ADA);
	assert_string_equal(last_call("sessions.revoke_all")->params[1],
	    "(null)");
	assert_string_equal(last_call("sign_ins.forget_networks")->params[0],
	    ADA);
	assert_string_equal(last_call("sign_ins.forget_networks")->params[1],
	    NETWORK);
	assert_string_equal(last_call("audit.add")->params[1],
	    "password_changed");
	assert_string_equal(last_call("audit.add")->params[4], ADA);
	assert_string_equal(last_call("jobs.enqueue")->params[1],
	    "send_password_notice");
	assert_null(client_header("ratelimit"));
}

static void
test_an_old_hash(void **state)
{
	(void)state;
	ada.hashed_password = OLD_HASH;
	assert_incorrect(change("Wrong-passw0rd", NEW));
	assert_int_equal(change(RIGHT, NEW), 204);
	assert_int_equal(called("users.set_password"), 1);
	assert_string_equal(last_call("users.set_password")->params[1],
	    OLD_HASH);
}

/* It is checked once more, and then nothing has changed. */
static void
test_a_password_that_changed_meanwhile(void **state)
{
	(void)state;
	says.changed = 0;
	assert_incorrect(change(RIGHT, NEW));
	assert_int_equal(called("users.set_password"), 2);
	assert_int_equal(called("sessions.revoke_all"), 0);
	assert_int_equal(called("sign_ins.forget_networks"), 0);
}

/* The sixth attempt in a minute is refused, even with the right password. */
static void
test_failures_are_counted(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_incorrect(change(wrong, NEW));
	assert_int_equal(change(RIGHT, NEW), 429);
	assert_non_null(strstr(client_header("ratelimit-policy"),
	    "\"password_failures\";q=5;w=60"));
	assert_int_equal(ncalls, 5);
	assert_int_equal(called("sign_ins.count_attempt"), 5);
}

static void
test_a_run_of_failures(void **state)
{
	(void)state;
	says.refuses = true;
	assert_int_equal(change(RIGHT, NEW), 429);
	assert_string_equal(client_header("retry-after"), "3600");
	assert_int_equal(ncalls, 1);
}

/* Password changes and sign-ins from one address count together. */
static void
test_failures_of_one_address(void **state)
{
	char	 form[1300];
	int	 i;

	(void)state;
	for (i = 0; i < 19; i++) {
		snprintf(form, sizeof(form), "username=a%d&password=%s", i,
		    wrong);
		assert_int_equal(client_request("POST", TOKEN, form, FORM),
		    400);
	}
	assert_incorrect(change(wrong, NEW));
	assert_int_equal(change(RIGHT, NEW), 429);
	assert_non_null(strstr(client_header("ratelimit-policy"),
	    "\"address_failures\";q=20;w=60"));
}

/* The job, as a handler. */
static void
purge(struct ctx *c)
{
	auth_service_purge(c);
	respond_empty(c, 204);
}

ROUTER(tests, "Of a test.");

ROUTE(cellar, GET(purge));

static size_t	left[4];	/* sessions, tokens, failures, networks */

static void *
delete_from(size_t *rows, const char *const *params, size_t *n)
{
	*n = (size_t)atoi(params[0]);
	if (*n > *rows)
		*n = *rows;
	*rows -= *n;
	return (NULL);
}

static void *
old_sessions(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "sessions", title, params, 1);
	return (delete_from(&left[0], params, n));
}

static void *
old_tokens(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "refresh_tokens", title, params, 1);
	return (delete_from(&left[1], params, n));
}

static void *
old_sign_ins(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "sign_ins", title, params, 1);
	return (delete_from(&left[strcmp(title, "purge_failures") == 0 ? 2 :
	    3], params, n));
}

/* In parts that are quick, until nothing is left. */
static void
test_purge(void **state)
{
	static const char *const	names[] = { "sessions.purge",
					    "refresh_tokens.purge",
					    "sign_ins.purge_failures",
					    "sign_ins.purge_networks" };
	size_t	 i, j;

	(void)state;
	override_repository("sessions", old_sessions, "purge");
	override_repository("refresh_tokens", old_tokens, "purge");
	override_repository("sign_ins", old_sign_ins, "purge");
	for (i = 0; i < 4; i++) {
		ncalls = 0;
		memset(left, 0, sizeof(left));
		left[i] = 2500;
		assert_int_equal(client_request("GET", "/cellar", NULL), 204);
		for (j = 0; j < 4; j++) {
			assert_int_equal(left[j], 0);
			assert_int_equal(called(names[j]), i == j ? 3 : 1);
			assert_string_equal(last_call(names[j])->params[0],
			    "1000");
		}
	}
}

static int
start(void **state)
{
	fake_route("/cellar", "cellar", &cellar__route);
	return (auth_start(state));
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_change),
		TEST(test_an_old_hash),
		TEST(test_a_password_that_changed_meanwhile),
		TEST(test_failures_are_counted),
		TEST(test_a_run_of_failures),
		TEST(test_failures_of_one_address),
		TEST(test_purge),
	};

	return (cmocka_run_group_tests_name("auth_password", tests, start,
	    NULL));
}
