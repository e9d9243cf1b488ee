/* SPDX-License-Identifier: ISC */
/* Overrides: for one handler each, until they are cleared. */

/* sources: src/request/depend.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c */

#include "request_fixture.h"

#include "http/routes.h"
#include "request/depend.h"

static const struct endpoint	read_me = { .name = "read_me" },
				read = { .name = "read" },
				list_users = { .name = "list_users" };

static char	resolved[100];

static void
note(const char *who, const struct dependency *d)
{
	size_t	 n = strlen(resolved);

	snprintf(resolved + n, sizeof(resolved) - n, "%s %s;", who, d->name);
}

static void
real(struct ctx *c, const struct dependency *d)
{
	(void)c;
	note("real", d);
}

static void
as_ada(struct ctx *c, const struct dependency *d)
{
	(void)c;
	note("ada", d);
}

static void
refused(struct ctx *c, const struct dependency *d)
{
	raise_error(c, &ERR_FORBIDDEN, "Not %s", d->name);
}

static const struct dependency	signed_in = {
	.name = "signed_in", .resolve = real
};
static const struct dependency	admin = { .name = "admin", .resolve = real };

static void
depend_on_both(struct ctx *c)
{
	depend(c, &signed_in);
	depend(c, &admin);
}

/* What resolves the two dependencies for a handler; or the error. */
static const char *
settles(const struct endpoint *row)
{
	const char	*outcome;

	request_begin();
	request.endpoint = row;
	resolved[0] = '\0';
	outcome = request_run(depend_on_both);
	return (strcmp(outcome, "ok") == 0 ? resolved : outcome);
}

#define REAL	"real signed_in;real admin;"

static void
test_dependency(void **state)
{
	(void)state;
	assert_string_equal(settles(&read_me), REAL);
	override_dependency(&signed_in, as_ada, "read_me");
	assert_string_equal(settles(&read_me), "ada signed_in;real admin;");
	/* It applies to one handler, by its whole name; never without a row. */
	assert_string_equal(settles(&list_users), REAL);
	assert_string_equal(settles(&read), REAL);
	assert_string_equal(settles(NULL), REAL);

	override_dependency(&admin, refused, "list_users");
	assert_string_equal(settles(&read_me), "ada signed_in;real admin;");
	assert_string_equal(settles(&list_users), "403 FORBIDDEN");
	assert_string_equal(request.error.message, "Not admin");
	assert_string_equal(resolved, "real signed_in;");
	override_dependency(&admin, as_ada, "read_me");
	assert_string_equal(settles(&read_me), "ada signed_in;ada admin;");

	overrides_clear();
	assert_string_equal(settles(&read_me), REAL);
	assert_string_equal(settles(&list_users), REAL);
}

static void *
two_users(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	(void)title;
	(void)params;
	*n = 2;
	return (NULL);
}

static void *
no_sessions(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	(void)title;
	(void)params;
	*n = 0;
	return (NULL);
}

static const char *
stands_in(const struct endpoint *row, const char *name)
{
	repository_fn	*fn;

	request_begin();
	request.endpoint = row;
	fn = override_of_query(&request, name);
	assert_true(fn == NULL || overrides_database(&request));
	return (fn == two_users ? "two_users" : fn == no_sessions ?
	    "no_sessions" : fn == NULL ? "none" : "another");
}

static bool
without_database(const struct endpoint *row)
{
	request_begin();
	request.endpoint = row;
	return (overrides_database(&request));
}

static void
test_repository(void **state)
{
	static const char *const	 others[] = { "user.find_by_id",
	    "users2.list", "users_old.list", "users", "user", "", ".list",
	    "sessions.users.list", "Users.list" };
	size_t				 i;

	(void)state;
	assert_string_equal(stands_in(&list_users, "users.list"), "none");
	assert_false(without_database(&list_users));
	override_repository("users", two_users, "list_users");
	assert_string_equal(stands_in(&list_users, "users.list"),
	    "two_users");
	assert_string_equal(stands_in(&list_users, "users.find_by_id"),
	    "two_users");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_string_equal(stands_in(&list_users, others[i]),
		    "none");
	assert_string_equal(stands_in(&read_me, "users.list"), "none");
	assert_string_equal(stands_in(NULL, "users.list"), "none");
	assert_true(without_database(&list_users));
	assert_false(without_database(&read_me));
	assert_false(without_database(NULL));

	override_repository("sessions", no_sessions, "list_users");
	override_repository("users", no_sessions, "read_me");
	assert_string_equal(stands_in(&list_users, "users.list"),
	    "two_users");
	assert_string_equal(stands_in(&list_users, "sessions.list"),
	    "no_sessions");
	assert_string_equal(stands_in(&read_me, "users.list"),
	    "no_sessions");

	overrides_clear();
	assert_string_equal(stands_in(&list_users, "users.list"), "none");
	assert_string_equal(stands_in(&read_me, "users.list"), "none");
	assert_false(without_database(&list_users));
}

/* Overrides of dependencies and of repositories are independent. */
static void
test_both(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_ada, "list_users");
	assert_false(without_database(&list_users));
	assert_string_equal(stands_in(&list_users, "users.list"), "none");
	override_repository("users", two_users, "list_users");
	override_repository("admin", two_users, "read_me");
	assert_string_equal(settles(&list_users),
	    "ada signed_in;real admin;");
	assert_string_equal(settles(&read_me), REAL);
	overrides_clear();

	/* As many as there is room for, several times. */
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 16; i++)
			override_dependency(&admin, as_ada, "read_me");
		assert_string_equal(settles(&read_me),
		    "real signed_in;ada admin;");
		overrides_clear();
	}
	assert_string_equal(settles(&read_me), REAL);
}

static int
teardown(void **state)
{
	overrides_clear();
	return (request_teardown(state));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_dependency),
		TEST(test_repository),
		TEST(test_both),
	};

	return (cmocka_run_group_tests_name("depend", tests, NULL, NULL));
}
