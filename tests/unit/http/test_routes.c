/* SPDX-License-Identifier: ISC */
/* Routes, and the groups of their paths. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/http/query.c src/http/routes.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/schema/schema.c */
/* sources: src/request/endpoint.c tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "request/request_fixture.h"

#include <regex.h>
#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "http/routes.h"

#define UUID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define UPPER	"017F22E2-79B0-7CC3-98C4-DC0C0C07398F"
#define WRONG	"422 VALIDATION_ERROR"

static void
handler(struct ctx *c)
{
	(void)c;
}

struct made {
	int64_t	at;
};

static const struct member	made_members[] = {
	MEMBER(made, at, T_TIME, 0),
};

extern struct schema	made_schema;
SCHEMA(made);

ROUTER(tests, "Of a test.");

ROUTE(items, GET(handler), POST(handler), PATCH(handler), DELETE(handler));
ROUTE(item, PATH(item_id, T_UUID), GET(handler));
ROUTE(page, PATH(name, T_STR), GET(handler));
ROUTE(part, PATH(item_id, T_UUID), PATH(part, T_STR), PUT(handler));
ROUTE(four, PATH(a, T_STR), PATH(b, T_STR), PATH(c, T_STR), PATH(d, T_STR));
ROUTE(five, PATH(a, T_STR), PATH(b, T_STR), PATH(c, T_STR), PATH(d, T_STR),
    PATH(e, T_STR));
ROUTE(nothing_of_it);
ROUTE(again, GET(handler), POST(handler), GET(handler));
ROUTE(namesake, { .endpoint = { .verb = VERB_GET, .name = "handler" } });
ROUTE(answered, POST(handler, .out = &made_schema));
ROUTE(ignoring, GET(handler, .any_query = true), POST(handler));

static struct route	*const all[] = { &items__route, &item__route,
    &page__route, &part__route, &nothing_of_it__route, &again__route,
    &namesake__route, &answered__route, &four__route,
    &five__route, &ignoring__route };

/* Undoes routes_init(); Keel itself never does. */
static void
unbind(void)
{
	size_t	 i;

	fake_routes_clear();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i]->regex != NULL)	/* regex_t is its only memory */
			regfree((regex_t *)all[i]->regex);
		free(all[i]->regex);
		free((char *)(uintptr_t)all[i]->allow);
		free((void *)(uintptr_t)all[i]->shape);
		all[i]->regex = NULL;
		all[i]->shape = NULL;
		all[i]->allow = NULL;
		all[i]->hdlr = NULL;
	}
}

/* Every domain has it. */
static void
fake_last(void)
{
	fake_route("^.*$", "nothing_of_it", &nothing_of_it__route);
}

static int
setup(void **state)
{
	const char	*problem;

	(void)state;
	unbind();
	fake_route("/items", "items", &items__route);
	fake_route("^/items/([^/]+)$", "item", &item__route);
	fake_route("^/pages/([^/]*)$", "page", &page__route);
	fake_route("^/items/([^/]+)/parts/([^/]+)$", "part", &part__route);
	fake_last();
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* Like app.c: reads everything first, then raises. */
static bool	read_on;

static void
read_path(struct ctx *c)
{
	c->endpoint = NULL;
	read_on = false;
	path_read(c);
	read_on = true;
	raise_validation(c);
}

static const char *
path(struct route *r, const char *text)
{
	request_begin();
	request.route = r;
	request.path = text;
	return (request_run(read_path));
}

static void
assert_path(const char *name, const char *value)
{
	const char	*is = (path_param)(&request, name);

	assert_non_null(is);
	assert_string_equal(is, value);
}

static void
test_path_uuid(void **state)
{
	static const char *const	 bad[] = { "x", "0", UUID "0",
	    "{" UUID "}", "urn:uuid:" UUID, "017f22e279b07cc398c4dc0c0c07398f",
	    "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "+" UUID, UUID "%20",
	    "%ff", "%00", "%zz", "%", UUID "%00" };
	char				 text[100];
	size_t				 i;

	(void)state;
	assert_string_equal(path(&item__route, "/items/" UUID), "ok");
	assert_path("item_id", UUID);
	assert_null((path_param)(&request, "other"));
	assert_string_equal(path(&item__route, "/items/" UPPER), "ok");
	assert_path("item_id", UUID);
	assert_string_equal(path(&item__route, "/items/%30" "17f22e2%2d79b0"
	    "-7cc3-98c4-dc0c0c07398%46"), "ok");
	assert_path("item_id", UUID);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "/items/%s", bad[i]);
		assert_string_equal(path(&item__route, text),
		    WRONG " path.item_id:invalid_format");
		assert_true(read_on);
		assert_null((path_param)(&request, "item_id"));
	}
}

static void
test_path_text(void **state)
{
	(void)state;
	assert_string_equal(path(&page__route, "/pages/a"), "ok");
	assert_path("name", "a");
	assert_string_equal(path(&page__route, "/pages/"), "ok");
	assert_path("name", "");
	assert_string_equal(path(&page__route, "/pages/a%20b+c%2Fd%25%c3%a9"),
	    "ok");
	assert_path("name", "a b+c/d%é");
	assert_string_equal(path(&page__route, "/pages/%C3%28"),
	    WRONG " path.name:invalid_format");
	assert_string_equal(request_detail(0),
	    "Is not valid percent-encoded UTF-8");
	assert_string_equal(path(&page__route, "/pages/a%00b"),
	    WRONG " path.name:invalid_format");
}

static void
test_path_groups(void **state)
{
	struct span	 groups[PATH_GROUPS_MAX];

	(void)state;
	assert_string_equal(path(&part__route, "/items/" UPPER "/parts/%61"),
	    "ok");
	assert_path("item_id", UUID);
	assert_path("part", "a");
	assert_string_equal(path(&part__route, "/items/x/parts/%"), WRONG
	    " path.item_id:invalid_format path.part:invalid_format");
	assert_string_equal(request_detail(0), "Must be a UUID");
	assert_string_equal(request_detail(1),
	    "Is not valid percent-encoded UTF-8");
	assert_string_equal(path(&part__route, "/items/x/parts/a/b"),
	    "404 NOT_FOUND");
	assert_string_equal(path(&item__route, "/items/" UUID "/"),
	    "404 NOT_FOUND");

	assert_true(path_match(&part__route, "/items/12/parts/345", groups));
	assert_int_equal(groups[0].start, 7);
	assert_int_equal(groups[0].end, 9);
	assert_int_equal(groups[1].start, 16);
	assert_int_equal(groups[1].end, 19);
	assert_false(path_match(&part__route, "/items//parts/345", groups));
	assert_false(path_match(&part__route, "x/items/1/parts/2", groups));

	/* Without groups Kore has compared the path already. */
	assert_string_equal(path(&items__route, "/items"), "ok");
	assert_null((path_param)(&request, "item_id"));
}

/* A route that does not fit stops the start with an error message. */
static void
assert_unfit(const char *conf_path, const char *func, struct route *r,
    const char *what)
{
	const char	*problem;
	char		 expect[300];

	unbind();
	fake_route(conf_path, func, r);
	fake_last();
	snprintf(expect, sizeof(expect), "kore.conf: the route %s %s %s",
	    conf_path, func, what);
	problem = routes_init(NULL);
	assert_non_null(problem);
	assert_string_equal(problem, expect);
}

static void
test_routes_that_do_not_fit(void **state)
{
	struct kore_module_handle	*h;

	(void)state;
	assert_unfit("/other", "other", NULL,
	    "has no ROUTE(other, ...) in src/modules");
	assert_unfit("/items/x", "item", &item__route,
	    "has PATH rows, and its path here has no groups: write one like "
	    "^/api/v1/notes/([^/]+)$");
	assert_unfit("^/items/([^/]+)/([^/]+)$", "item", &item__route,
	    "has 1 PATH rows, and its path here has 2 groups: each group, "
	    "like ([^/]+), needs one row");
	assert_unfit("^/items/[^/]+$", "item", &item__route,
	    "has 1 PATH rows, and its path here has 0 groups: each group, "
	    "like ([^/]+), needs one row");
	assert_unfit("^/items/([^/]+)$", "items", &items__route,
	    "has 0 PATH rows, and its path here has 1 groups: each group, "
	    "like ([^/]+), needs one row");
	assert_unfit("^/items/([^/]+$", "item", &item__route,
	    "has a path that is no POSIX regular expression");

	unbind();
	fake_route("^/(.)(.)(.)(.)$", "four", &four__route);
	fake_last();
	assert_null(routes_init(NULL));
	assert_string_equal(path(&four__route, "/1234"), "ok");
	assert_path("d", "4");
	assert_unfit("^/(.)(.)(.)(.)(.)$", "five", &five__route,
	    "has 5 PATH rows, and a path can have 4");

	unbind();
	fake_route("^/a/([^/]+)$", "item", &item__route);
	fake_route("^/b/([^/]+)$", "item", &item__route);
	assert_string_equal(routes_init(NULL), "kore.conf: the route "
	    "^/b/([^/]+)$ item stands in kore.conf twice: it has the path "
	    "^/a/([^/]+)$, and a ROUTE has one path");

	unbind();
	h = fake_route("/items", "items", &items__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "a",
	    fake_validator("broken", "^(", NULL));
	assert_string_equal(routes_init(NULL), "kore.conf: the route "
	    "/items items has a parameter a, whose validator broken is not "
	    "valid");

	unbind();
	h = fake_route("/items", "items", &items__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "cursor",
	    fake_validator("any", "^.{0,9}$", NULL));
	assert_string_equal(routes_init(NULL), "kore.conf: the route "
	    "/items items has a parameter cursor, and no .out_cursor in its "
	    "GET row");

	unbind();
	h = fake_route("/ignoring", "ignoring", &ignoring__route);
	fake_param(h, HTTP_METHOD_POST, KORE_PARAMS_QUERY_STRING, "a",
	    fake_validator("any", "^.{0,9}$", NULL));
	fake_route("^.*$", "nothing_of_it", &nothing_of_it__route);
	assert_null(routes_init(NULL));

	unbind();
	h = fake_route("/ignoring", "ignoring", &ignoring__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "a",
	    fake_validator("any", "^.{0,9}$", NULL));
	assert_string_equal(routes_init(NULL), "kore.conf: the route "
	    "/ignoring ignoring has parameters, and its method ignores the "
	    "query");
}

/* Kore itself must answer nothing. */
static void
test_domains_that_do_not_fit(void **state)
{
#define LAST	"kore.conf: the last route of the domain * of the server api " \
		"must be ^.*$: it answers for all other paths"
	struct kore_domain	*dom;
	struct http_redirect	 redirect;

	(void)state;
	unbind();
	fake_route("/items", "items", &items__route);
	assert_string_equal(routes_init(NULL), LAST);
	unbind();
	fake_last();
	fake_route("/items", "items", &items__route);
	assert_string_equal(routes_init(NULL), "kore.conf: the route /items "
	    "items stands below ^.*$, which answers for all other paths: move "
	    "it above that");
	unbind();
	fake_route("^/.*$", "nothing_of_it", &nothing_of_it__route);
	assert_string_equal(routes_init(NULL), LAST);
	/* The second domain has none. */
	unbind();
	fake_last();
	fake_domain();
	assert_string_equal(routes_init(NULL), LAST);

	unbind();
	dom = fake_domain();
	fake_last();
	TAILQ_INSERT_TAIL(&dom->redirects, &redirect, list);
	assert_string_equal(routes_init(NULL), "kore.conf: the domain * of the "
	    "server api has a redirect, which has no effect");
	unbind();
	dom = fake_domain();
	TAILQ_INIT(&dom->server->domains);
	assert_string_equal(routes_init(NULL), "kore.conf: the server api has "
	    "no domain");

	unbind();
	fake_route("/items", "items", &items__route)->methods =
	    HTTP_METHOD_GET;
	assert_string_equal(routes_init(NULL), "kore.conf: the route /items "
	    "items has a restrict, which has no effect: its rows in C name its "
	    "methods");
}

static void
test_rows_that_do_not_fit(void **state)
{
	(void)state;
	assert_unfit("/again", "again", &again__route,
	    "has two GET rows: of handler and of handler");

	unbind();
	fake_route("/answered", "answered", &answered__route);
	fake_last();
	assert_null(routes_init(NULL));

	unbind();
	fake_route("/items", "items", &items__route);
	fake_route("^/items/([^/]+)$", "item", &item__route);
	fake_last();
	assert_null(routes_init(NULL));
	unbind();
	fake_route("/items", "items", &items__route);
	fake_route("/namesake", "namesake", &namesake__route);
	assert_string_equal(routes_init(NULL), "kore.conf: the route /namesake "
	    "namesake has a handler handler, and items in " __FILE__ " has "
	    "another one of that name: rename one");
}

static char	walked[200];

static void
note_row(const struct route *r, const struct endpoint *row)
{
	size_t	 n = strlen(walked);

	snprintf(walked + n, sizeof(walked) - n, "%s %s;",
	    endpoint_verb_name(row->verb), route_path(r));
}

static void
test_allow_and_walk(void **state)
{
	(void)state;
	assert_string_equal(items__route.allow,
	    "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
	assert_string_equal(item__route.allow, "GET, HEAD, OPTIONS");
	assert_string_equal(nothing_of_it__route.allow, "OPTIONS");
	routes_walk(note_row);
	assert_string_equal(walked, "GET /items;POST /items;PATCH /items;"
	    "DELETE /items;GET ^/items/([^/]+)$;GET ^/pages/([^/]*)$;"
	    "PUT ^/items/([^/]+)/parts/([^/]+)$;");
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_path_uuid),
		TEST(test_path_text),
		TEST(test_path_groups),
		TEST(test_routes_that_do_not_fit),
		TEST(test_domains_that_do_not_fit),
		TEST(test_rows_that_do_not_fit),
		TEST(test_allow_and_walk),
	};

	return (cmocka_run_group_tests_name("routes", tests, NULL, NULL));
}
