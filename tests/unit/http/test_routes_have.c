/* SPDX-License-Identifier: ISC */
/*
 * Which paths exist: routes_have(). It uses what routes_init() has bound, which
 * happens once; test_routes.c binds repeatedly.
 */

/* sources: src/http/query.c src/http/routes.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: src/request/endpoint.c tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "request/request_fixture.h"

#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "http/routes.h"

static void
handler(struct ctx *c)
{
	(void)c;
}

ROUTER(tests, "Of a test.");

ROUTE(items, GET(handler));
ROUTE(item, PATH(item_id, T_STR), GET(handler));
ROUTE(pages, PATH(name, T_STR), GET(handler));
ROUTE(metrics, GET(handler));
ROUTE(rest);
ROUTE(admin_rest);

static struct kore_domain	api, admin;

static int
configure(void **state)
{
	const char	*problem;

	(void)state;
	fake_route("/items", "items", &items__route)->dom = &api;
	fake_route("^/items/([^/]+)$", "item", &item__route)->dom = &api;
	fake_route("^/pages/(.*)$", "pages", &pages__route)->dom = &api;
	fake_route("/metrics", "metrics", &metrics__route)->dom = &admin;
	fake_route("^.*$", "rest", &rest__route)->dom = &api;
	fake_route("^.*$", "admin_rest", &admin_rest__route)->dom = &admin;
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* In a block of its own size, so that ASan sees reads past it. */
static bool
have(const struct route *beside, const char *path)
{
	size_t	 len = strlen(path);
	char	*copy = malloc(len);
	bool	 result;

	memcpy(copy, path, len);
	result = routes_have(beside, copy, len);
	free(copy);
	return (result);
}

static void
test_paths(void **state)
{
	static const char *const	 in[] = { "/items", "/items/1",
	    "/items/%20", "/pages/", "/pages/a/b/" };
	static const char *const	 out[] = { "", "/", "/item", "/itemss",
	    "/items/", "/items/1/", "/items/1/2", "items", "/pages", "/other",
	    "*", "/Items" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		if (!have(&items__route, in[i]))
			fail_msg("not there: %s", in[i]);
	}
	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		if (have(&items__route, out[i]))
			fail_msg("there: %s", out[i]);
	}
}

/* Only that length of the path is compared. */
static void
test_length(void **state)
{
	(void)state;
	assert_true(routes_have(&items__route, "/items/", 6));
	assert_false(routes_have(&items__route, "/items/", 7));
	assert_false(routes_have(&items__route, "/items", 5));
	assert_true(routes_have(&items__route, "/items/1/", 8));
	assert_false(routes_have(&items__route, "/items", 0));
}

/* A route without rows matches every path, but only in its domain. */
static void
test_domains(void **state)
{
	(void)state;
	assert_true(have(&rest__route, "/items"));
	assert_true(have(&pages__route, "/items"));
	assert_false(have(&rest__route, "/metrics"));
	assert_false(have(&items__route, "/metrics"));
	assert_true(have(&admin_rest__route, "/metrics"));
	assert_true(have(&metrics__route, "/metrics"));
	assert_false(have(&admin_rest__route, "/items"));
	assert_false(have(&metrics__route, "/items/1"));
	assert_false(have(&metrics__route, "/else"));
}

static void
test_long_paths(void **state)
{
	char	path[3000];

	(void)state;
	memset(path, 'a', sizeof(path));
	memcpy(path, "/pages/", 7);
	assert_true(routes_have(&items__route, path, 511));
	assert_false(routes_have(&items__route, path, 512));
	assert_false(routes_have(&items__route, path, sizeof(path)));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_long_paths),
	};

	return (cmocka_run_group_tests_name("routes_have", tests, configure,
	    NULL));
}
