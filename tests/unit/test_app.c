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
#include "request/ctx.h"

#define USERS	"/api/v1/users"
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
not_modified(struct ctx *c)
{
	respond_empty(c, 304);
}

ROUTE(silent, GET(do_nothing));
ROUTE(kept, GET(keep), POST(keep), PUT(not_modified));

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
	check_status(404, "GET", "/");
	check_status(404, "GET", "//");
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
	check_status(422, "GET", "/healthz?x=1");
	check_status(422, "GET", "/kept?x=1");
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
		memcpy(before, metrics->requests, sizeof(before));
		check_status(rows[i].status, rows[i].method, rows[i].target);
		for (n = 0; n < 6; n++)
			assert_int_equal(metrics->requests[n], before[n] +
			    (n == (size_t)rows[i].status / 100));
	}
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
	uint64_t	 before = metrics->requests[5];
	size_t		 i;

	(void)state;
	for (i = 0; i < 4; i++) {
		taken[i] = coro_new(wait_for_ever, free_coro, &taken[i]);
		assert_non_null(taken[i]);
		coro_resume(taken[i]);
	}
	client_request("GET", "/healthz", NULL, "X-Request-Id: abc-2");
	for (i = 0; i < 4; i++)
		coro_wake(taken[i]);
	coro_run();
	assert_string_equal(client_text("error.code"), "SERVICE_UNAVAILABLE");
	check_header("retry-after", "1");
	check_header("cache-control", "no-store");
	check_header("content-type", "application/json");
	check_header("x-request-id", "abc-2");
	check_header("x-content-type-options", "nosniff");
	assert_int_equal(metrics->requests[5], before + 1);
	check_status(200, "GET", "/healthz");
}

/* Adds routes before kore.conf's last, which matches every path. */
static int
start(void **state)
{
	fake_route("/silent", "silent", &silent__route);
	fake_route("/kept", "kept", &kept__route);
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
		CLIENT_TEST(test_oauth_ignores_the_query),
		CLIENT_TEST(test_responses_are_counted),
		CLIENT_TEST(test_busy),
	};

	return (cmocka_run_group_tests_name("app", tests, start, NULL));
}
