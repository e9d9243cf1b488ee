/* SPDX-License-Identifier: ISC */
/* Access to the users' routes, for each role. */

/* sources: app */

#include "users_fixture.h"

#include "fakes/kore_fake.h"
#include "http/respond.h"
#include "http/routes.h"

static void
enter(struct ctx *c)
{
	respond_empty(c, 204);
}

static void
look(struct ctx *c)
{
	current_user(c);
	respond_empty(c, 204);
}

/* Two roles, and the user or two roles: none of Keel's own routes has these. */
ROUTER(tests, "Of a test.");

ROUTE(staff_room, GET(enter, .auth = require_role("admin", "staff")));
ROUTE(locker, PATH(user_id, T_UUID),
    GET(enter, .auth = self_or_role("admin", "staff")));
ROUTE(porch, GET(look), POST(look, .auth = &signed_in_or_none));

/* Everyone exists, and every query succeeds. */
static void *
everybody(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	const struct user_update	*change = from;
	struct total			*count;

	*n = NPEOPLE;
	if (strcmp(title, "count") == 0) {
		count = ctx_alloc(c, sizeof(*count));
		count->total = NPEOPLE;
		*n = 1;
		return (count);
	}
	if (strcmp(title, "list") == 0 ||
	    strcmp(title, "lock_admins") == 0)
		return (people);
	if (strcmp(title, "update") == 0)
		return (find_person(change->to.id, n));
	if (strcmp(title, "find_by_id") == 0 ||
	    strcmp(title, "lock") == 0 || strcmp(title, "delete") == 0)
		return (find_person(params[0], n));
	raise_unknown(c, "users", title);
	return (NULL);
}

static const struct who {
	const char	*name;
	void		(*sign_in)(struct ctx *, const struct dependency *);
} whos[] = {
	{ "a user", as_ada }, { "staff", as_staff }, { "an admin", as_admin },
};

/* The statuses for a user, staff and an admin; without a token it is 401. */
static void
assert_answers(const char *method, const char *target, const char *body,
    const char *handler, const int expected[3])
{
	size_t	 i;
	int	 status;

	for (i = 0; i < sizeof(whos) / sizeof(whos[0]); i++) {
		overrides_clear();
		override_repository("users", everybody, handler);
		override_repository("audit", auditing, handler);
		override_dependency(&signed_in, whos[i].sign_in, handler);
		override_dependency(&recently_confirmed, confirmed, handler);
		status = client_request(method, target, body);
		if (status != expected[i])
			fail_msg("%s %s for %s: %d, not %d: %s", method,
			    target, whos[i].name, status, expected[i],
			    client_raised());
		if (status == 403)
			assert_string_equal(client_text("error.message"),
			    "Insufficient permissions");
	}
	overrides_clear();
	override_repository("users", everybody, handler);
	assert_int_equal(client_request(method, target, body), 401);
}

#define ANSWERS(...)	((const int[3]){ __VA_ARGS__ })

static void
test_require_role(void **state)
{
	(void)state;
	assert_answers("POST", USERS "/" ADA "/activate", NULL,
	    "activate_user", ANSWERS(403, 403, 200));
	assert_answers("POST", USERS "/" ADA "/deactivate", NULL,
	    "deactivate_user", ANSWERS(403, 403, 200));
}

static void
test_require_role_two(void **state)
{
	(void)state;
	assert_answers("GET", "/staff", NULL, "enter",
	    ANSWERS(403, 204, 204));
	assert_string_equal(staff_room__route.rows[0].endpoint.auth->name,
	    "require_role(\"admin\", \"staff\")");
}

static void
test_self_or_role_two(void **state)
{
	(void)state;
	assert_answers("GET", "/lockers/" ADA, NULL, "enter",
	    ANSWERS(204, 204, 204));
	assert_answers("GET", "/lockers/" NOBODY, NULL, "enter",
	    ANSWERS(403, 204, 204));
}

static void
test_self_or_role(void **state)
{
	(void)state;
	assert_answers("PATCH", USERS "/" ADA, "{\"name\": \"A\"}",
	    "update_user", ANSWERS(200, 403, 200));
	assert_answers("PATCH", USERS "/" STAN, "{\"name\": \"A\"}",
	    "update_user", ANSWERS(403, 200, 200));
	assert_answers("DELETE", USERS "/" ADA, NULL, "delete_user",
	    ANSWERS(204, 403, 204));
	assert_answers("DELETE", USERS "/" ROOT, NULL, "delete_user",
	    ANSWERS(403, 403, 204));

	/* It is not an id, so all who are signed in get a 422. */
	assert_answers("DELETE", USERS "/7", NULL, "delete_user",
	    ANSWERS(422, 422, 422));
}

static void
test_user_directory(void **state)
{
	(void)state;
	config.user_directory = DIRECTORY_ADMIN;
	assert_answers("GET", USERS, NULL, "list_users",
	    ANSWERS(403, 403, 200));
	config.user_directory = DIRECTORY_AUTHENTICATED;
	assert_answers("GET", USERS, NULL, "list_users",
	    ANSWERS(200, 200, 200));
}

static void
test_self_or_directory(void **state)
{
	(void)state;
	config.user_directory = DIRECTORY_ADMIN;
	assert_answers("GET", USERS "/" ADA, NULL, "read_user",
	    ANSWERS(200, 403, 200));
	assert_answers("GET", USERS "/" NOBODY, NULL, "read_user",
	    ANSWERS(403, 403, 404));
	config.user_directory = DIRECTORY_AUTHENTICATED;
	assert_answers("GET", USERS "/" ADA, NULL, "read_user",
	    ANSWERS(200, 200, 200));
	assert_answers("GET", USERS "/" NOBODY, NULL, "read_user",
	    ANSWERS(404, 404, 404));
}

/* The setting opens reading only. */
static void
test_directory_is_for_reading(void **state)
{
	(void)state;
	config.user_directory = DIRECTORY_AUTHENTICATED;
	test_require_role(state);
	test_self_or_role(state);
}

/* A dependency that a row declares can be overridden, too. */
static void
test_directory_replaced(void **state)
{
	(void)state;
	override_dependency(&user_directory, as_ada, "list_users");
	override_repository("users", everybody, "list_users");
	assert_int_equal(client_request("GET", USERS, NULL), 200);
	assert_int_equal(client_request("GET", USERS "/" ADA, NULL), 401);
}

/* A mistake of a developer: not a client's error, and not an admin's rights. */
static void
test_a_handler_without_a_user(void **state)
{
	(void)state;
	assert_int_equal(client_request("GET", "/porch", NULL), 500);
	assert_string_equal(client_text("error.message"),
	    "Internal server error");
	assert_string_equal(client_raised(), "look asks who is signed in, and "
	    "has no .auth");
	assert_int_equal(client_request("POST", "/porch", ""), 500);
	assert_int_equal(client_request("POST", "/porch", "",
	    "authorization: Bearer x"), 401);
	assert_int_equal(client_request("POST", "/porch", "",
	    "authorization: Basic x"), 500);
	override_dependency(&signed_in, as_ada, "look");
	assert_int_equal(client_request("GET", "/porch", NULL), 500);
	assert_int_equal(client_request("POST", "/porch", "",
	    "authorization: Bearer x"), 204);
	assert_int_equal(client_request("POST", "/porch", ""), 500);
}

/* Adds routes before kore.conf's last, which matches every path. */
static int
start(void **state)
{
	fake_route("/staff", "staff_room", &staff_room__route);
	fake_route("/porch", "porch", &porch__route);
	fake_route("^/lockers/([^/]+)$", "locker", &locker__route);
	return (client_start(state));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_require_role),
		CLIENT_TEST(test_require_role_two),
		CLIENT_TEST(test_self_or_role),
		CLIENT_TEST(test_self_or_role_two),
		CLIENT_TEST(test_user_directory),
		CLIENT_TEST(test_self_or_directory),
		CLIENT_TEST(test_directory_is_for_reading),
		CLIENT_TEST(test_directory_replaced),
		CLIENT_TEST(test_a_handler_without_a_user),
	};

	return (cmocka_run_group_tests_name("users_roles", tests, start,
	    NULL));
}
