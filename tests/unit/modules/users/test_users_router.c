/* SPDX-License-Identifier: ISC */
/* The handlers of users, with repositories of the test's own. */

/* sources: app */

#include "users_fixture.h"

#include <stdio.h>
#include <string.h>

#include "utils/etag.h"
#include "utils/jwt.h"
#include "utils/password.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

#define TOTAL		45	/* users in total */
#define NEW		"{\"email\": \"new@EXAMPLE.com\", "		\
			"\"name\": \"New\", \"password\": \"Correct-h0rse\"}"
#define PASSWORD	"Correct-h0rse"

/* The parameters that the overrides got. */
static char		given[8][300];
static unsigned		ngiven;

static void
keep(const char *title, const char *const *params, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		snprintf(given[i], sizeof(given[i]), "%s", params[i] != NULL ?
		    params[i] : "(null)");
	snprintf(given[7], sizeof(given[7]), "%s", title);
	ngiven++;
}

/* What became of a new user, and of a change. */
static char		stored_id[UUID_TEXT], stored_hash[PASSWORD_HASH_MAX];
static struct user_update	changed;

/* The last two of many users. */
static void *
two_users(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	struct total	*count;

	(void)from;
	if (strcmp(title, "count") == 0) {
		count = ctx_alloc(c, sizeof(*count));
		count->total = TOTAL;
		*n = 1;
		return (count);
	}
	if (strcmp(title, "list") == 0) {
		ngiven++;
		*n = 2;
		return (&people[1]);
	}
	if (strcmp(title, "find_by_id") == 0)
		return (find_person(params[0], n));
	raise_unknown(c, "users", title);
	return (NULL);
}

/* Every session is valid. */
static void *
with_sessions(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	if (strcmp(title, "find_signed_in") != 0)
		raise_unknown(c, "users", title);
	keep(title, params, 2);
	return (find_person(params[0], n));
}

/* Accepts one new user. */
static void *
registering(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	const struct user	*row = from;
	struct user		*user;

	if (strcmp(title, "lock_admins") == 0)
		return (find_person(ROOT, n));
	if (strcmp(title, "create") != 0)
		raise_unknown(c, "users", title);
	keep(title, params, 1);
	snprintf(stored_id, sizeof(stored_id), "%s", row->id);
	snprintf(stored_hash, sizeof(stored_hash), "%s",
	    row->hashed_password);
	user = ctx_alloc(c, sizeof(*user));
	*user = (struct user)USER(row->id, "", "user", 1);
	user->email = row->email;
	user->name = row->name;
	user->hashed_password = row->hashed_password;
	user->role = row->role;
	*n = 1;
	return (user);
}

/* The address is already registered. */
static void *
registered(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)params;
	if (strcmp(title, "create") != 0)
		raise_unknown(c, "users", title);
	*n = 0;
	return (NULL);
}

static char	job[2][100];	/* kind and payload */
static unsigned	njobs;

static void *
queueing(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	if (strcmp(title, "enqueue") != 0)
		raise_unknown(c, "jobs", title);
	snprintf(job[0], sizeof(job[0]), "%s", params[1]);
	snprintf(job[1], sizeof(job[1]), "%s", params[2]);
	njobs++;
	*n = 1;
	return (NULL);
}

/* Another request has changed the row before. */
static void *
outdated(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	if (strcmp(title, "lock") == 0)
		return (find_person(params[0], n));
	if (strcmp(title, "update") != 0)
		raise_unknown(c, "users", title);
	keep(title, params, 2);
	changed = *(const struct user_update *)from;
	*n = 0;
	return (NULL);
}

static int
setup(void **state)
{
	int	 status = client_setup(state);

	ngiven = njobs = 0;
	override_repository("audit", auditing, "create_user");
	return (status);
}

static void
assert_header(const char *name, const char *value)
{
	const char	*is = client_header(name);

	assert_non_null(is);
	assert_string_equal(is, value);
}

/* Checks an error's envelope. */
static void
assert_error(int status, const char *code, const char *message)
{
	assert_string_equal(client_text("error.code"), code);
	assert_string_equal(client_text("error.message"), message);
	assert_header("content-type", "application/json");
	assert_header("x-request-id", client_text("error.request_id"));
	assert_int_equal(client_header("retry-after") != NULL, status == 503);
}

/* The tag of a user, for a header's value or after a header's name. */
static const char *
tag_of(const char *line, const char *id, int64_t version)
{
	static char	 text[64];
	size_t		 n = strlen(line);

	strcpy(text, line);
	assert_true(etag_make(text + n, user_schema.fingerprint,
	    sizeof(user_schema.fingerprint), id, version));
	return (text);
}

static void
assert_no_database(void)
{
	assert_error(503, "SERVICE_UNAVAILABLE", "no database");
}

static void
test_read_me(void **state)
{
	static const char	*const members[] = {
		"{\"id\":\"" ADA "\",", "\"email\":\"ada@example.com\",",
		"\"name\":\"ada\",", "\"role\":\"user\",",
		"\"is_active\":true,", "\"email_verified\":false,",
		"\"created_at\":\"2026-01-01T12:00:00.000000Z\",",
		"\"updated_at\":\"2026-01-01T12:00:00.000000Z\"" };
	const char		*at;
	size_t			 i;

	(void)state;
	override_dependency(&signed_in, as_ada, "read_me");
	assert_int_equal(client_request("GET", ME, NULL), 200);
	/* A project's own members are between these. */
	for (at = client_body(), i = 0; i < 8; i++)
		assert_non_null(at = strstr(at, members[i]));
	assert_null(strstr(client_body(), "password"));
	assert_header("content-type", "application/json");
	assert_header("etag", tag_of("", ADA, 7));
	assert_header("vary", "Authorization");
	assert_header("cache-control", "private, no-cache");
	assert_null(strstr(client_body(), "argon2"));

	assert_int_equal(client_request("HEAD", ME, NULL), 200);
	assert_string_equal(client_body(), "");
	assert_header("etag", tag_of("", ADA, 7));
	assert_int_equal(client_request("GET", ME, NULL,
	    tag_of("if-none-match: ", ADA, 7)), 304);
	assert_string_equal(client_body(), "");

	/* The override of a dependency replaces the dependency. */
	override_dependency(&signed_in, as_admin, "read_me");
	assert_int_equal(client_request("GET", ME, NULL), 200);
	assert_string_equal(client_text("name"), "root");

	overrides_clear();
	assert_int_equal(client_request("GET", ME, NULL), 401);
	assert_error(401, "UNAUTHORIZED", "Could not validate credentials");
	assert_header("www-authenticate", "Bearer");
}

/* Runs after the test above, whose teardown has removed its override. */
static void
test_read_me_without_override(void **state)
{
	(void)state;
	assert_int_equal(client_request("GET", ME, NULL), 401);
	assert_string_equal(client_raised(), "Could not validate credentials");
	assert_int_equal(client_request("GET", ME, NULL,
	    "authorization: Bearer x.y.z"), 401);
	assert_header("www-authenticate", "Bearer error=\"invalid_token\"");
}

static void
test_one_handler_only(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_ada, "read_me");
	assert_int_equal(client_request("DELETE", ME, NULL), 401);
	assert_int_equal(client_request("PATCH", ME, "{}"), 401);
	assert_int_equal(client_request("GET", USERS "/" ADA, NULL), 401);
	assert_int_equal(client_request("GET", USERS, NULL), 401);
	assert_int_equal(client_request("GET", ME, NULL), 200);

	override_repository("users", two_users, "read_user");
	assert_int_equal(client_request("GET", USERS "/" ADA, NULL), 401);
	override_dependency(&signed_in, as_admin, "list_users");
	assert_int_equal(client_request("GET", USERS, NULL), 503);
	assert_no_database();
}

/* With a token: the real signed_in, on an overridden repository. */
static void
test_signed_in_by_token(void **state)
{
	struct jwt_claims	 claims = { .sub = ADA, .sid = STAN,
				    .jti = NOBODY, .client_id = "tests" };
	char			 token[JWT_MAX], line[JWT_MAX + 64];

	(void)state;
	strcpy(claims.iss, config.public_url);
	strcpy(claims.aud, config.public_url);
	claims.iat = timefmt_now() / 1000000;
	claims.exp = claims.iat + 60;
	assert_true(jwt_sign(&config.jwt_key, &claims, token,
	    sizeof(token)) > 0);
	snprintf(line, sizeof(line), "authorization: Bearer %s", token);

	assert_int_equal(client_request("GET", ME, NULL, line), 503);
	assert_no_database();
	override_repository("users", with_sessions, "read_me");
	assert_int_equal(client_request("GET", ME, NULL, line), 200);
	assert_string_equal(client_text("id"), ADA);
	assert_string_equal(given[1], STAN);
}

static void
test_list_users(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_admin, "list_users");
	override_repository("users", two_users, "list_users");
	assert_int_equal(client_request("GET", USERS "?limit=2&page=3"
	    "&role=staff&sort=-name", NULL), 200);
	assert_int_equal(client_number("total"), TOTAL);
	assert_int_equal(client_number("page"), 3);
	assert_int_equal(client_number("limit"), 2);
	assert_int_equal(client_number("pages"), 23);
	assert_int_equal(json_array_size(client_json("items")), 2);
	assert_string_equal(client_text("items.0.email"), "stan@example.com");
	assert_string_equal(client_text("items.1.id"), ROOT);
	assert_null(client_json("items.0.hashed_password"));
	assert_header("link",
	    "<" USERS "?page=4&sort=-name&role=staff&limit=2>; rel=\"next\", "
	    "<" USERS "?page=2&sort=-name&role=staff&limit=2>; rel=\"prev\"");
	/* kore.conf's validators run before any query. */
	ngiven = 0;
	assert_int_equal(client_request("GET", USERS "?limit=101&x=1", NULL),
	    422);
	assert_string_equal(client_text("error.details.0.field"),
	    "query.limit");
	assert_string_equal(client_text("error.details.1.field"), "query.x");
	assert_int_equal(ngiven, 0);

	overrides_clear();
	override_dependency(&signed_in, as_admin, "list_users");
	assert_int_equal(client_request("GET", USERS, NULL), 503);
	assert_no_database();
}

static void
test_read_user(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_admin, "read_user");
	override_repository("users", two_users, "read_user");
	assert_int_equal(client_request("GET", USERS "/" STAN, NULL), 200);
	assert_string_equal(client_text("name"), "stan");
	assert_header("etag", tag_of("", STAN, 1));
	assert_int_equal(client_request("GET", USERS "/" NOBODY, NULL), 404);
	assert_error(404, "NOT_FOUND", "User not found");
	assert_int_equal(client_request("GET", USERS "/7", NULL), 422);
	assert_string_equal(client_text("error.details.0.field"),
	    "path.user_id");

	overrides_clear();
	override_dependency(&signed_in, as_admin, "read_user");
	assert_int_equal(client_request("GET", USERS "/" STAN, NULL), 503);
	assert_no_database();
}

static void
test_create_user(void **state)
{
	char	 text[200];

	(void)state;
	override_repository("users", registering, "create_user");
	override_repository("jobs", queueing, "create_user");
	assert_int_equal(client_request("POST", USERS, NEW), 201);
	assert_string_equal(client_text("email"), "new@example.com");
	assert_string_equal(client_text("name"), "New");
	assert_string_equal(client_text("role"), "user");
	snprintf(text, sizeof(text), USERS "/%s", client_text("id"));
	assert_header("location", text);
	assert_header("etag", tag_of("", client_text("id"), 1));
	assert_header("ratelimit-policy", "\"register\";q=20;w=3600");
	assert_null(strstr(client_body(), "assword"));
	assert_null(strstr(client_body(), "argon2"));

	assert_string_equal(stored_id, client_text("id"));
	assert_int_equal(password_verify(PASSWORD, stored_hash),
	    PASSWORD_RIGHT);
	assert_int_equal(njobs, 1);
	assert_string_equal(job[0], "send_welcome_email");
	snprintf(text, sizeof(text), "{\"id\":\"%s\"}", client_text("id"));
	assert_string_equal(job[1], text);
}

/* Only an admin may give a role. */
static void
test_create_admin(void **state)
{
	static const char	 body[] = "{\"email\": \"new@example.com\", "
				    "\"name\": \"New\", \"role\": \"admin\", "
				    "\"password\": \"" PASSWORD "\"}";
	static const char	 token[] = "authorization: Bearer any";

	(void)state;
	override_repository("users", registering, "create_user");
	override_repository("jobs", queueing, "create_user");
	assert_int_equal(client_request("POST", USERS, body), 403);
	override_dependency(&signed_in, as_ada, "create_user");
	assert_int_equal(client_request("POST", USERS, body, token), 403);
	assert_int_equal(ngiven, 0);
	override_dependency(&signed_in, as_admin, "create_user");
	override_dependency(&recently_confirmed, confirmed, "create_user");
	assert_int_equal(client_request("POST", USERS, body), 403);
	assert_int_equal(client_request("POST", USERS, body, token), 201);
	assert_string_equal(client_text("role"), "admin");
}

static void
test_create_user_refused(void **state)
{
	(void)state;
	override_repository("users", registered, "create_user");
	override_repository("jobs", queueing, "create_user");
	assert_int_equal(client_request("POST", USERS, NEW), 409);
	assert_error(409, "CONFLICT", "Email already registered");
	assert_int_equal(njobs, 0);
	assert_int_equal(client_request("POST", USERS, "{\"email\": \"no\", "
	    "\"name\": \"\", \"password\": \"password\"}"), 422);
	assert_string_equal(client_text("error.details.0.field"),
	    "body.email");
	assert_int_equal(client_request("POST", USERS, "{"), 400);
	assert_int_equal(client_request("POST", USERS, NEW,
	    "content-type: text/plain"), 415);
}

static void
test_create_user_replaced_in_part(void **state)
{
	(void)state;
	override_repository("users", registering, "create_user");
	assert_int_equal(client_request("POST", USERS, NEW), 500);
	assert_error(500, "INTERNAL_ERROR", "Internal server error");
	assert_string_equal(client_raised(), "jobs.enqueue is not replaced");

	overrides_clear();
	override_repository("jobs", queueing, "create_user");
	assert_int_equal(client_request("POST", USERS, NEW), 500);
	assert_string_equal(client_raised(), "users.create is not replaced");
	assert_int_equal(njobs, 0);

	/* Without overrides there is no database for a transaction. */
	overrides_clear();
	assert_int_equal(client_request("POST", USERS, NEW), 503);
	assert_no_database();
}

static void
test_update_me(void **state)
{
	(void)state;
	override_dependency(&signed_in, as_ada, "update_me");
	override_repository("users", outdated, "update_me");
	assert_int_equal(client_request("PATCH", ME, "{\"name\": \"A\"}",
	    tag_of("if-match: ", ADA, 6)), 412);
	assert_int_equal(client_request("PATCH", ME, "{\"name\": \"A\"}",
	    tag_of("if-match: ", STAN, 7)), 412);
	assert_int_equal(ngiven, 0);
	assert_int_equal(client_request("PATCH", ME, "{\"name\": \"A\"}",
	    tag_of("if-match: ", ADA, 7)), 412);
	assert_int_equal(ngiven, 1);
	assert_string_equal(given[1], "7");
	assert_true(IS_SET(&changed, to.name));
	UNSET(&changed, to.name);
	assert_false(ANY_SET(&changed));
	assert_int_equal(client_request("PATCH", ME, "{\"name\": \"A\"}"),
	    404);
	assert_int_equal(client_request("PATCH", ME,
	    "{\"is_active\": false}"), 422);
}

static void
test_other_methods(void **state)
{
	(void)state;
	assert_int_equal(client_request("PUT", ME, "{}"), 405);
	assert_header("allow", "GET, HEAD, PATCH, DELETE, OPTIONS");
	assert_int_equal(client_request("OPTIONS", USERS, NULL), 204);
	assert_int_equal(client_request("GET", "/api/v1/nothing", NULL), 404);
	assert_int_equal(client_request("GET", ME "/", NULL), 308);
	assert_header("location", ME);
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, client_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_read_me),
		TEST(test_read_me_without_override),
		TEST(test_one_handler_only),
		TEST(test_signed_in_by_token),
		TEST(test_list_users),
		TEST(test_read_user),
		TEST(test_create_user),
		TEST(test_create_admin),
		TEST(test_create_user_refused),
		TEST(test_create_user_replaced_in_part),
		TEST(test_update_me),
		TEST(test_other_methods),
	};

	return (cmocka_run_group_tests_name("users_router", tests,
	    client_start, NULL));
}
