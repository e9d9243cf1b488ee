/* SPDX-License-Identifier: ISC */
/* What app.c does for every request, whatever its endpoint. */

/* sources: app */

#include "client.h"

#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "coro/coro.h"
#include "fakes/kore_fake.h"
#include "http/respond.h"
#include "http/routes.h"
#include "middleware/cors.h"
#include "request/ctx.h"

#define USERS	"/api/v1/users"
#define PROBLEM	"Accept: application/problem+json", "X-Request-Id: one"
#define ALL	"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/* Endpoints that no module has. */
ROUTER(tests, "Of a test.");

static void
do_nothing(struct ctx *c)
{
	(void)c;
}

static void
keep(struct ctx *c)
{
	respond_header(c, "cache-control", "private");
	respond_empty(c, 204);
}

static void
vary(struct ctx *c)
{
	respond_header(c, "vary", "Accept");
	respond_header(c, "vary", "Authorization");
	respond_empty(c, 204);
}

static void
not_modified(struct ctx *c)
{
	respond_empty(c, 304);
}

#define EMPTY	.auth = &public, .status = 204

ROUTE(silent, GET(do_nothing, EMPTY));
ROUTE(kept, GET(keep, EMPTY), POST(keep, EMPTY), PUT(not_modified, EMPTY));
ROUTE(varied, GET(vary, EMPTY));

static void
check_status(int status, const char *method, const char *target)
{
	int	 got = client_request(method, target, NULL);

	if (got != status)
		fail_msg("%s %s: %d, not %d: %s", method, target, got, status,
		    client_body());
}

static void
check_header(const char *name, const char *value)
{
	const char	*got = client_header(name);

	if (value == NULL)
		assert_null(got);
	else if (got == NULL || strcmp(got, value) != 0)
		fail_msg("%s: %s, not %s", name, got, value);
}

/* Only of a path that exists without it, and only one. */
static void
test_a_slash_at_the_end(void **state)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		check_status(308, methods[i], "/healthz/");
		check_header("location", "/healthz");
	}
	check_status(308, "GET", USERS "/?page=2&x=/");
	check_header("location", USERS "?page=2&x=/");
	check_status(308, "GET", USERS "/1/activate/");
	check_header("location", USERS "/1/activate");
	respond_init("/backend");
	check_status(308, "GET", USERS "/?page=2");
	check_header("location", "/backend" USERS "?page=2");
	respond_init("");
	check_status(308, "GET", "//");
	check_header("location", "/");
	check_status(404, "GET", "///");
	check_status(404, "GET", "/healthz//");
	check_status(404, "GET", "/nothing/");
	check_status(404, "GET", "/healthzx");
	check_header("location", NULL);
	assert_string_equal(client_text("error.code"), "NOT_FOUND");
}

static void
test_methods(void **state)
{
	(void)state;
	check_status(204, "OPTIONS", "*");
	check_header("allow", ALL);
	check_status(204, "OPTIONS", "/healthz");
	check_header("allow", "GET, HEAD, OPTIONS");
	assert_string_equal(client_body(), "");
	check_header("accept-patch", NULL);
	check_status(204, "OPTIONS", USERS "/me");
	check_header("allow", "GET, HEAD, PATCH, DELETE, OPTIONS");
	check_header("accept-patch",
	    "application/merge-patch+json, application/json");
	check_status(405, "POST", "/healthz");
	check_header("allow", "GET, HEAD, OPTIONS");
	assert_string_equal(client_text("error.code"), "METHOD_NOT_ALLOWED");
	check_status(404, "OPTIONS", "/nothing");
	check_header("allow", NULL);
	check_status(200, "HEAD", "/healthz");
	check_status(204, "POST", "/kept");
	check_status(405, "PATCH", "/kept");
	check_status(405, "DELETE", "/kept");
	check_header("allow", "GET, HEAD, POST, PUT, OPTIONS");
}

static void
test_common_headers(void **state)
{
	static const char *const targets[] = {
		"/healthz", "/nothing", "/kept", "/silent", "/healthz/"
	};
	const char	*id;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		client_request("GET", targets[i], NULL);
		check_header("x-content-type-options", "nosniff");
		id = client_header("x-request-id");
		assert_non_null(id);
		assert_int_equal(strlen(id), 36);
		assert_non_null(strstr(client_header("date"), " GMT"));
		check_header("cache-control", strcmp(targets[i], "/kept") == 0 ?
		    "private" : "no-store");
	}
	client_request("GET", "/healthz", NULL, "X-Request-Id: abc-1");
	check_header("x-request-id", "abc-1");
}

static void
test_an_endpoint_without_a_response(void **state)
{
	(void)state;
	check_status(500, "GET", "/silent");
	assert_string_equal(client_text("error.code"), "INTERNAL_ERROR");
	assert_string_equal(client_raised(),
	    "do_nothing ended without a response");
}

/* Who may not do it does not learn what is wrong with it. */
static void
test_access_goes_before_the_input(void **state)
{
	(void)state;
	check_status(401, "GET", USERS "?page=0");
	check_status(401, "GET", USERS "/no-id");
	check_status(401, "GET", USERS "/me?x=1");
	check_status(422, "GET", "/kept?x=1");
}

/* Monitors and caches are sent a query that means nothing. */
static void
test_an_ignored_query(void **state)
{
	(void)state;
	check_status(200, "GET", "/healthz?x=1&x=%zz&%00");
	check_status(404, "GET", "/nothing?x=%zz");
	check_status(404, "GET", "/docs/nothing?x=1");
}

/* RFC 9110, 8.4: several lines are one list. */
static void
test_a_content_coding(void **state)
{
	static const char	 body[] = "{}", type[] = "content-type: "
				    "application/json";

	(void)state;
	assert_int_equal(client_request("POST", USERS, body, type,
	    "content-encoding: identity"), 422);
	assert_int_equal(client_request("POST", USERS, body, type,
	    "content-encoding: br", "Content-Encoding: identity"), 415);
	check_header("accept-encoding", "identity");
	assert_int_equal(client_request("POST", "/api/v1/auth/token", "x=1",
	    "content-type: application/x-www-form-urlencoded",
	    "content-encoding: gzip"), 400);
	check_header("accept-encoding", "identity");
	assert_string_equal(client_text("error"), "invalid_request");
}

/* RFC 6749, 3.2: unknown parameters are ignored. */
static void
test_oauth_ignores_the_query(void **state)
{
	(void)state;
	assert_int_equal(client_request("POST", "/api/v1/auth/token?x=1",
	    "username=ada%40example.com&password=x",
	    "content-type: application/x-www-form-urlencoded"), 503);
	assert_string_equal(client_raised(), "no database");
}

/* A sign-in with JSON is as strict as the other endpoints, in OAuth's words. */
static void
test_json_sign_in_checks_the_query(void **state)
{
	(void)state;
	assert_int_equal(client_request("POST", "/api/v1/auth/login?x=1",
	    "{\"username\":\"ada@example.com\",\"password\":\"x\"}"), 400);
	assert_string_equal(client_text("error"), "invalid_request");
	assert_string_equal(client_text("error_description"),
	    "query.x: Is not a parameter of this operation");
	check_header("pragma", "no-cache");
}

static void
test_responses_are_counted(void **state)
{
	static const struct {
		const char	*method;
		const char	*target;
		int		 status;
	} rows[] = {
		{ "GET", "/healthz", 200 }, { "GET", "/kept", 204 },
		{ "PUT", "/kept", 304 }, { "GET", "/healthz/", 308 },
		{ "GET", "/nothing", 404 }, { "GET", "/silent", 500 },
	};
	uint64_t	 before[6];
	size_t		 i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(before, metrics->total.requests, sizeof(before));
		check_status(rows[i].status, rows[i].method, rows[i].target);
		for (n = 0; n < 6; n++)
			assert_int_equal(metrics->total.requests[n], before[n] +
			    (n == (size_t)rows[i].status / 100));
	}
}

#define ORIGIN	"Origin: https://a.test"
#define ASKS	"Access-Control-Request-Method: PATCH"
#define ALLOWED	"access-control-allow-origin"

#define CORS_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, allow_origin, allow_no_origin)

/* Pages of one origin are allowed. */
static int
allow_origin(void **state)
{
	return (cors_configure("https://a.test") == NULL ?
	    client_setup(state) : -1);
}

static int
allow_no_origin(void **state)
{
	client_is_admin = false;
	cors_configure(NULL);
	return (client_teardown(state));
}

static void
test_every_response_is_for_browsers(void **state)
{
	static const char *const targets[] = {
		"/healthz", "/nothing", "/kept", "/silent", "/healthz/",
		"/healthz?x=1", USERS "/me"
	};
	const char	*vary;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		vary = client_request("GET", targets[i], NULL, ORIGIN) >= 400 ?
		    "Accept, Origin" : "Origin";
		check_header(ALLOWED, "https://a.test");
		check_header("vary", vary);
		client_request("GET", targets[i], NULL);
		check_header(ALLOWED, NULL);
		check_header("vary", vary);
	}
	check_status(204, "GET", "/varied");
	check_header("vary", "Authorization, Accept, Origin");
	assert_null(strstr(strstr(client_head(), "vary: ") + 1, "vary: "));
}

/* Of any path; other origins get what clients get that are no browsers. */
static void
test_preflights(void **state)
{
	static const char *const targets[] = {
		"/healthz", "/nothing", "/healthz/", USERS "/1", "*"
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(client_request("OPTIONS", targets[i], NULL,
		    ORIGIN, ASKS), 204);
		assert_non_null(client_header("access-control-max-age"));
		check_header("cache-control", "no-store");
		check_header("allow", NULL);
	}
	assert_int_equal(client_request("OPTIONS", "/nothing", NULL,
	    "Origin: https://b.test", ASKS), 404);
	check_header(ALLOWED, NULL);
	assert_int_equal(client_request("OPTIONS", "/healthz", NULL, ORIGIN),
	    204);
	check_header("allow", "GET, HEAD, OPTIONS");
}

static void
test_the_admin_listener_is_not_for_browsers(void **state)
{
	(void)state;
	client_is_admin = true;
	respond_init("/backend");
	assert_int_equal(client_request("OPTIONS", "/nothing", NULL, ORIGIN,
	    ASKS), 404);
	check_header(ALLOWED, NULL);
	check_header("vary", "Accept");
	assert_int_equal(client_request("GET", "/nothing", NULL, PROBLEM),
	    404);
	assert_string_equal(client_text("instance"), "/nothing#one");
	check_status(204, "GET", "/varied");
	check_header("vary", "Authorization, Accept");
}

#define A_PROBLEM	"application/problem+json"

/* Below the path of the public URL, as Location is; and Vary. */
static void
test_problems(void **state)
{
	(void)state;
	respond_init("/backend");
	check_status(404, "GET", "/nothing");
	check_header("content-type", "application/json");
	check_header("vary", "Accept");
	assert_int_equal(client_request("GET", "/%6eothing", NULL, PROBLEM),
	    404);
	check_header("content-type", A_PROBLEM);
	check_header("vary", "Accept");
	assert_string_equal(client_text("instance"), "/backend/nothing#one");
	assert_int_equal(client_request("HEAD", "/nothing", NULL, PROBLEM),
	    404);
	check_header("content-type", A_PROBLEM);
	assert_int_equal(client_request("PATCH", "/kept", NULL, PROBLEM),
	    405);
	check_header("allow", "GET, HEAD, POST, PUT, OPTIONS");
	assert_int_equal(client_request("GET", "/silent", NULL, PROBLEM), 500);
	assert_string_equal(client_text("detail"), "Internal server error");
	assert_int_equal(client_request("GET", "/kept", NULL, PROBLEM), 204);
	check_header("vary", NULL);
	respond_init("");
}

static void
wait_for_ever(void *arg)
{
	(void)arg;
	coro_suspend(UINT32_MAX);
}

static void
free_coro(void *arg)
{
	coro_free(*(struct coro **)arg);
}

/* All coroutines are taken: the client may try again in a second. */
static void
test_busy(void **state)
{
	struct coro	*taken[4];
	uint64_t	 before = metrics->total.requests[5];
	size_t		 i;

	(void)state;
	respond_init("/backend");
	for (i = 0; i < 4; i++) {
		taken[i] = coro_new(wait_for_ever, free_coro, &taken[i]);
		assert_non_null(taken[i]);
		coro_resume(taken[i]);
	}
	client_request("POST", "/api/v1/auth/token", "x=1");
	assert_string_equal(client_text("error"), "temporarily_unavailable");
	check_header("pragma", "no-cache");
	check_header("cache-control", "no-store");
	client_request("POST", "/account/reset", "token=x");
	check_header("content-type", "text/html; charset=utf-8");
	check_header("referrer-policy", "no-referrer");
	check_header("cache-control", "no-store");
	check_header("retry-after", "1");
	assert_non_null(strstr(client_body(), "<h1>The server is busy</h1>"));
	client_request("GET", "/readyz", NULL, PROBLEM);
	check_header("content-type", A_PROBLEM);
	assert_string_equal(client_text("instance"), "/backend/readyz#one");
	client_request("POST", "/account/reset", "token=x", PROBLEM);
	check_header("content-type", A_PROBLEM);
	check_header("referrer-policy", "no-referrer");
	client_request("GET", "/healthz", NULL, "X-Request-Id: abc-2", ORIGIN);
	assert_null(client_header("pragma"));
	for (i = 0; i < 4; i++)
		coro_wake(taken[i]);
	coro_run();
	assert_string_equal(client_text("error.code"), "SERVICE_UNAVAILABLE");
	check_header("retry-after", "1");
	check_header("cache-control", "no-store");
	check_header("content-type", "application/json");
	check_header("x-request-id", "abc-2");
	check_header("x-content-type-options", "nosniff");
	check_header(ALLOWED, "https://a.test");
	check_header("vary", "Accept, Origin");
	assert_int_equal(metrics->total.requests[5], before + 5);
	check_status(200, "GET", "/healthz");
}

/* Adds routes before kore.conf's last, which matches every path. */
static int
start(void **state)
{
	fake_route("/silent", "silent", &silent__route);
	fake_route("/kept", "kept", &kept__route);
	fake_route("/varied", "varied", &varied__route);
	return (client_start(state));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_a_slash_at_the_end),
		CLIENT_TEST(test_methods),
		CLIENT_TEST(test_common_headers),
		CLIENT_TEST(test_an_endpoint_without_a_response),
		CLIENT_TEST(test_access_goes_before_the_input),
		CLIENT_TEST(test_an_ignored_query),
		CLIENT_TEST(test_a_content_coding),
		CLIENT_TEST(test_oauth_ignores_the_query),
		CLIENT_TEST(test_json_sign_in_checks_the_query),
		CLIENT_TEST(test_problems),
		CLIENT_TEST(test_responses_are_counted),
		CORS_TEST(test_every_response_is_for_browsers),
		CORS_TEST(test_preflights),
		CORS_TEST(test_the_admin_listener_is_not_for_browsers),
		CORS_TEST(test_busy),
	};

	return (cmocka_run_group_tests_name("app", tests, start, NULL));
}
