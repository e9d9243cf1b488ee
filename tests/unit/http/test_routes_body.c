/* SPDX-License-Identifier: ISC */
/* Rows with a limit of the body: routes_body_max(), and their mistakes. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/http/query.c src/http/routes.c src/http/routes_check.c */
/* sources: src/http/routes_check_rows.c src/http/routes_check_params.c */
/* sources: src/http/routes_order.c src/http/routes_asked.c */
/* sources: src/http/path_template.c src/http/route_rows.c */
/* sources: src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/schema/schema.c */
/* sources: src/request/endpoint.c tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c src/request/depend.c */
/* defines: -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "routes_fixture.h"

static void
handler(struct ctx *c)
{
	(void)c;
}

struct note {
	const char	*text;
};

static const struct member	note_members[] = {
	MEMBER(note, text, T_STR, OUT | REQUIRED),
};

SCHEMA(note);

ROUTER(notes, "Notes.");

#define NOTE	.auth = &public, .out = &note_schema, .doc = "Of a test."

ROUTE(notes, GET(handler, NOTE),
    POST(handler, NOTE, .in = &note_schema, .body_max = 4194304));
ROUTE(item, PATH(note_id, T_UUID), DELETE(handler, NOTE),
    PUT(handler, NOTE, .in = &note_schema, .body_max = 7),
    PATCH(handler, NOTE, .in = &note_schema));
ROUTE(too_large, POST(handler, NOTE, .in = &note_schema,
    .body_max = 4194305));
ROUTE(no_body, POST(handler, NOTE, .body_max = 7));
ROUTE(rest);
ROUTE(admin_notes, POST(handler, NOTE, .in = &note_schema));
ROUTE(admin_rest);

static void
test_the_limit_of_a_request(void **state)
{
	struct kore_domain	*api, *admin;

	(void)state;
	unbind();
	api = fake_domain();
	fake_route("/notes", "notes", &notes__route);
	fake_route("^/notes/([^/]+)$", "item", &item__route);
	fake_route("^.*$", "rest", &rest__route);
	admin = fake_domain();
	fake_route("/notes", "admin_notes", &admin_notes__route);
	fake_route("^.*$", "admin_rest", &admin_rest__route);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), NULL);

	assert_int_equal(routes_body_max(api, "/notes", "POST"), 4194304);
	assert_int_equal(routes_body_max(api, "/notes/1", "PUT"), 7);
	assert_int_equal(routes_body_max(api, "/notes/1", "PATCH"), 0);
	assert_int_equal(routes_body_max(api, "/notes", "GET"), 0);
	assert_int_equal(routes_body_max(api, "/notes", "PUT"), 0);
	assert_int_equal(routes_body_max(api, "/notes/1", "POST"), 0);
	assert_int_equal(routes_body_max(api, "/notes/1/2", "PUT"), 0);
	assert_int_equal(routes_body_max(api, "/other", "POST"), 0);
	assert_int_equal(routes_body_max(api, "", ""), 0);
	assert_int_equal(routes_body_max(admin, "/notes", "POST"), 0);
	assert_int_equal(routes_body_max(admin, "/notes/1", "PUT"), 0);
}

static void
assert_mistake(struct route *r, const char *line)
{
	unbind();
	fake_route("/notes", r->name, r);
	fake_route("^.*$", "rest", &rest__route);
	assert_line(routes_init(NULL), NULL);
	assert_line(routes_check(), line);
}

static void
test_mistakes(void **state)
{
	(void)state;
	assert_mistake(&too_large__route, __FILE__ ": POST(handler) in "
	    "ROUTE(too_large) has .body_max = 4194305: write at most 4194304, "
	    "since bodies are kept in memory");
	assert_mistake(&no_body__route, __FILE__ ": POST(handler) in "
	    "ROUTE(no_body) has .body_max = 7, and no .in: leave it out, or "
	    "write .in = &NAME_schema");
}

static int
setup(void **state)
{
	(void)state;
	return (schemas_init() == NULL ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	unbind();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_the_limit_of_a_request),
		cmocka_unit_test(test_mistakes),
	};

	return (cmocka_run_group_tests_name("routes_body", tests, setup,
	    teardown));
}
