/* SPDX-License-Identifier: ISC */
/* Which rows may have .idempotent. */

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
handle(struct ctx *c)
{
	(void)c;
}

struct note {
	const char	*text;
};

static const struct member	note_members[] = {
	MEMBER(note, text, T_STR, OUT),
};

SCHEMA_DECLARE(note, note);
SCHEMA(note);

ROUTER(notes, "Notes.");

#define ROW	.auth = &public, .doc = "Of a test.", .idempotent = true

ROUTE(good, POST(handle, ROW, .out = &note_schema));
ROUTE(empty, POST(handle, ROW, .status = 202));
ROUTE(put, PUT(handle, ROW, .out = &note_schema));
ROUTE(get, GET(handle, ROW, .out = &note_schema));
ROUTE(raw, POST(handle, ROW, .raw = true));
ROUTE(rest);

#define NO_POST								\
	"has .idempotent = true: that is for a POST; the other "	\
	"methods can be repeated anyway"

static void
test_rows(void **state)
{
	static const struct {
		struct route	*route;
		const char	*line;
	} cases[] = {
		{ &good__route, NULL },
		{ &empty__route, NULL },
		{ &put__route, __FILE__ ": PUT(handle) in ROUTE(put) "
		    NO_POST },
		{ &get__route, __FILE__ ": GET(handle) in ROUTE(get) "
		    NO_POST },
		{ &raw__route, __FILE__ ": POST(handle) in ROUTE(raw) has "
		    ".idempotent = true and .raw: leave out one of them" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unbind();
		fake_route("/notes", cases[i].route->name, cases[i].route);
		fake_route("^.*$", "rest", &rest__route);
		assert_line(routes_init(NULL), NULL);
		assert_line(routes_check(), cases[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = { cmocka_unit_test(test_rows) };

	return (cmocka_run_group_tests_name("routes_check_repeats", tests,
	    NULL, NULL));
}
