/* SPDX-License-Identifier: ISC */
/*
 * Which paths exist: routes_have(). It uses what routes_init() has bound, which
 * happens once; test_routes.c binds repeatedly.
 */

/* sources: src/http/path_shape.c src/http/route_tree.c */
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
ROUTE(first, GET(handler));
ROUTE(either, GET(handler));
ROUTE(optional, GET(handler));
ROUTE(before, GET(handler));
ROUTE(anywhere, GET(handler));
ROUTE(behind, GET(handler));
ROUTE(metrics, GET(handler));
ROUTE(rest);
ROUTE(admin_rest);

static struct kore_domain	*api, *admin;

static int
configure(void **state)
{
	const char	*problem;

	(void)state;
	api = fake_domain();
	fake_route("/items", "items", &items__route);
	fake_route("/items/first", "first", &first__route);
	fake_route("^/items/([^/]+)$", "item", &item__route);
	fake_route("^/pages/(.*)$", "pages", &pages__route);
	fake_route("^/a$|^/b$", "either", &either__route);
	fake_route("^/opt?i*$", "optional", &optional__route);
	fake_route("/many/y", "before", &before__route);
	fake_route("any/y$", "anywhere", &anywhere__route);
	fake_route("/company/y", "behind", &behind__route);
	fake_route("^.*$", "rest", &rest__route);
	admin = fake_domain();
	fake_route("/metrics", "metrics", &metrics__route);
	fake_route("^.*$", "admin_rest", &admin_rest__route);
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* In a block of its own size, so that ASan sees reads past it. */
static bool
have(const struct route *beside, const char *path)
{
	char	*copy = strdup(path);
	bool	 result;

	result = routes_have(beside, copy);
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

/* The first one of kore.conf that matches, as in Kore; the last one for all. */
static void
test_which_route(void **state)
{
	static const struct {
		const struct route	*route;
		const char		*path;
	} rows[] = {
		{ &items__route, "/items" }, { &item__route, "/items/1" },
		{ &first__route, "/items/first" },
		{ &item__route, "/items/first2" },
		{ &pages__route, "/pages/" }, { &pages__route, "/pages/a/b" },
		{ &either__route, "/a" }, { &either__route, "/b" },
		{ &optional__route, "/opt" }, { &optional__route, "/opii" },
		{ &optional__route, "/op" }, { &anywhere__route, "/x/any/y" },
		{ &before__route, "/many/y" },
		{ &anywhere__route, "/company/y" },
		{ &rest__route, "/op2" }, { &rest__route, "/c" },
		{ &rest__route, "/" }, { &rest__route, "" },
		{ &rest__route, "*" }, { &rest__route, "/metrics" },
		{ &rest__route, "/x/items" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (routes_find(api, rows[i].path) != rows[i].route->hdlr)
			fail_msg("%s goes to %s", rows[i].path,
			    routes_find(api, rows[i].path)->func);
	}
	assert_ptr_equal(routes_find(admin, "/metrics"), metrics__route.hdlr);
	assert_ptr_equal(routes_find(admin, "/items"), admin_rest__route.hdlr);
	assert_ptr_equal(routes_find(admin, "*"), admin_rest__route.hdlr);
}

static void
test_long_paths(void **state)
{
	char	path[8001];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, "/pages/", 7);
	assert_true(routes_have(&items__route, path));
	assert_ptr_equal(routes_find(api, path), pages__route.hdlr);
	path[1] = 'x';
	assert_false(routes_have(&items__route, path));
	assert_ptr_equal(routes_find(api, path), rest__route.hdlr);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_which_route),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_long_paths),
	};

	return (cmocka_run_group_tests_name("routes_have", tests, configure,
	    NULL));
}
