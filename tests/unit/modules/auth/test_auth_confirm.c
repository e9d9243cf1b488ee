/* SPDX-License-Identifier: ISC */
/* The confirmation of a session, and the dependency that needs one. */

/* sources: app */

#include "auth_fixture.h"

#define CONFIRM	"/api/v1/auth/confirm"

static const char		*session;	/* the request's */
static struct session_mark	 mark;		/* of that session */
static size_t			 marks;		/* rows */

static void
as_user(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &ada;
	c->user_id = ada.id;
	c->session_id = session;
}

static void *
with_mark(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "sessions", title, params, 2);
	*n = marks;
	return (&mark);
}

static void *
with_log(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "audit", title, params + 1, 4);
	*n = 1;
	return (NULL);
}

static int
setup(void **state)
{
	int	 status = auth_setup(state);

	overrides_clear();
	config.confirm_seconds = 700;
	session = STAN;
	marks = 1;
	mark.confirmed = true;
	replace_all("confirm_session");
	override_repository("audit", with_log, "confirm_session");
	override_dependency(&signed_in, as_user, "confirm_session");
	override_dependency(&signed_in, as_user, "end_sessions");
	override_repository("sessions", with_mark, "end_sessions");
	override_repository("audit", with_log, "end_sessions");
	return (status);
}

static int
confirm(const char *password)
{
	char	 body[1300];

	snprintf(body, sizeof(body), "{\"current_password\": \"%s\"}",
	    password);
	return (client_request("POST", CONFIRM, body));
}

static void
assert_logged(const char *action)
{
	const struct call	*added = last_call("audit.add");

	assert_int_equal(called("audit.add"), 1);
	assert_string_equal(added->params[0], action);
	assert_string_equal(added->params[1], ADA);
	assert_string_equal(added->params[2], STAN);
	assert_string_equal(added->params[3], ADA);
}

static void
test_a_confirmation(void **state)
{
	(void)state;
	assert_int_equal(confirm(RIGHT), 204);
	assert_string_equal(client_body(), "");
	assert_string_equal(last_call("sessions.confirm")->params[0], ADA);
	assert_string_equal(last_call("sessions.confirm")->params[1], STAN);
	assert_string_equal(last_call("sign_ins.count_attempt")->params[0],
	    ADA);
	assert_int_equal(called("users.set_password"), 0);
	assert_logged("session_confirmed");
	assert_int_equal(ncalls, 3);
}

static void
test_a_wrong_password(void **state)
{
	(void)state;
	assert_int_equal(confirm("Wrong-passw0rd"), 422);
	assert_string_equal(client_text("error.details.0.field"),
	    "body.current_password");
	assert_string_equal(client_text("error.details.0.code"), "incorrect");
	assert_int_equal(called("sessions.confirm"), 0);
	assert_logged("confirmation_refused");
}

static void
test_a_session_that_has_ended(void **state)
{
	(void)state;
	says.changed = 0;
	assert_int_equal(confirm(RIGHT), 401);
	assert_int_equal(called("audit.add"), 0);
}

static void
test_an_old_hash(void **state)
{
	(void)state;
	ada.hashed_password = OLD_HASH;
	assert_int_equal(confirm("Wrong-passw0rd"), 422);
	assert_int_equal(called("users.set_password"), 0);
	assert_int_equal(confirm(RIGHT), 204);
	assert_string_equal(last_call("users.set_password")->params[1],
	    OLD_HASH);
	assert_int_equal(password_verify(RIGHT,
	    last_call("users.set_password")->params[2]), PASSWORD_RIGHT);
	assert_ptr_equal(ada.hashed_password, OLD_HASH);
}

static void
test_failures_are_limited(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(confirm(wrong), 422);
	assert_int_equal(confirm(RIGHT), 429);
	assert_int_equal(called("sign_ins.count_attempt"), 5);
	assert_int_equal(called("audit.add"), 5);
	overrides_clear();
	setup(NULL);
	says.refuses = true;
	assert_int_equal(confirm(RIGHT), 429);
	assert_string_equal(client_header("retry-after"), "3600");
	assert_int_equal(ncalls, 1);
}

static void
asks(void)
{
	assert_int_equal(client_request("DELETE", ME "/sessions?x=1", NULL),
	    403);
	assert_string_equal(client_text("error.code"),
	    "CONFIRMATION_REQUIRED");
	assert_string_equal(client_text("error.message"), "Confirm this "
	    "session with your password first: POST " CONFIRM);
	assert_int_equal(called("sessions.revoke_all"), 0);
}

static void
test_the_dependency(void **state)
{
	(void)state;
	assert_int_equal(client_request("DELETE", ME "/sessions", NULL), 204);
	assert_int_equal(ncalls, 3);
	assert_string_equal(calls[0].name, "sessions.is_confirmed");
	assert_string_equal(calls[0].params[0], STAN);
	assert_string_equal(calls[0].params[1], "700");
	assert_string_equal(calls[1].name, "sessions.revoke_all");
	ncalls = 0;
	mark.confirmed = false;
	asks();
	mark.confirmed = true;
	marks = 0;
	asks();
	marks = 1;
	assert_int_equal(client_request("DELETE", ME "/sessions?x=1", NULL),
	    422);
}

/* By the dependency's name, like every other. */
static void
refuse(struct ctx *c, const struct dependency *d)
{
	raise_error(c, &ERR_FORBIDDEN, "%s", d->name);
}

static void
test_an_override(void **state)
{
	(void)state;
	override_dependency(&recently_confirmed, refuse, "end_sessions");
	assert_int_equal(client_request("DELETE", ME "/sessions", NULL), 403);
	assert_string_equal(client_text("error.message"),
	    "recently_confirmed");
	assert_int_equal(ncalls, 0);
	override_dependency(&recently_confirmed, confirmed, "end_sessions");
	assert_int_equal(client_request("DELETE", ME "/sessions", NULL), 204);
	assert_int_equal(called("sessions.is_confirmed"), 0);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_confirmation),
		TEST(test_a_wrong_password),
		TEST(test_a_session_that_has_ended),
		TEST(test_an_old_hash),
		TEST(test_failures_are_limited),
		TEST(test_the_dependency),
		TEST(test_an_override),
	};

	return (cmocka_run_group_tests_name("auth_confirm", tests, auth_start,
	    NULL));
}
