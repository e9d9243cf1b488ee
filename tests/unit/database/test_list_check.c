/* SPDX-License-Identifier: ISC */
/* Lists that do not fit the routes that respond with them. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/database/list_check.c src/database/list_check_items.c */
/* sources: src/http/query.c src/http/routes.c */
/* sources: src/schema/schema.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/endpoint.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c tests/unit/fakes/kore_fake.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "http/answer_fixture.h"
#include "http/written_fixture.h"

#include "database/list.h"
#include "fakes/kore_fake.h"

struct item {
	const char	*id;
	int64_t		 rank;
	const char	*name;
};

SCHEMA_DECLARE(item, item);
LISTS(items, list, item, owner);

static const struct member	item_members[] = {
	MEMBER(item, id, T_UUID, OUT),
	MEMBER(item, rank, T_INT, OUT | OR_NULL),
	MEMBER(item, name, T_STR, OUT),
};

static const struct member	nameless = {
	.name = "name", .type = T_STR, .flags = OUT | OR_NULL
}, hidden = {
	.name = "name", .type = T_STR, .flags = OUT | OPTIONAL
};

SCHEMA(item);
LIST_QUERY(items, list, item);

void
list_respond(struct ctx *c, const struct list *l, const char *const *given)
{
	(void)c;
	(void)l;
	(void)given;
}

static void
list_items(struct ctx *c)
{
	items_list_respond(c, "me");
}

static struct schema	other_schema = { .name = "other" };

ROUTER(tests, "Of a test.");

ROUTE(all_items, GET(list_items, .out = &item_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(odd, GET(list_items, .out = &item_list_schema,
    .out_cursor = &other_schema));
ROUTE(pages_only, GET(list_items, .out = &item_list_schema));
ROUTE(cursor_only, GET(list_items, .out = &item_cursor_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(others, GET(list_items, .out = &other_schema),
    POST(list_items, .out = &item_list_schema));
ROUTE(rest);

#define ORDER(order, m)							\
	{ .sort = order, .key = m,					\
	  .query.names = NAMES("q", "owner", "page.key", "page.limit") }
#define NSTATEMENTS	4

static const struct list_statement	sound[NSTATEMENTS] = {
	ORDER("name", &item_members[2]), ORDER("-name", &item_members[2]),
	ORDER("-rank", &item_members[1]),
	{ .query.names = NAMES("q", "kind") },		/* the count */
};

static struct list_statement	statements[NSTATEMENTS];

#define ALL	"q kind sort cursor"

static int
setup(void **state)
{
	(void)state;
	items_list.pages = &item_list_schema;
	items_list.cursor = &item_cursor_list_schema;
	items_list.both_ways = false;
	items_list.sort = "-rank";
	memcpy(statements, sound, sizeof(statements));
	items_list.statements = statements;
	items_list.nstatements = NSTATEMENTS;
	return (0);
}

/* For the leak sanitizer: what each routes_init() makes anew. */
static const void	*kept[128];
static size_t		 nkept;

/* One for each regex; its name is its regex. */
static struct kore_validator *
validator(const char *regex)
{
	struct kore_validator	*v = kore_validator_lookup(regex);

	return (v != NULL ? v : fake_validator(regex, regex, NULL));
}

/* Checks the list with one route, which has these parameters. */
static const char *
check(struct route *route, const char *params, const char *sort)
{
	struct kore_module_handle	*h;
	char				 text[100], *name, *next = text;
	const char			*problem;

	fake_routes_clear();
	ONLY_WRITTEN(route);
	assert_true(nkept + 3 <= sizeof(kept) / sizeof(kept[0]));
	kept[nkept++] = rest__route.regex;
	kept[nkept++] = rest__route.allow;
	kept[nkept++] = route->allow;
	route->hdlr = rest__route.hdlr = NULL;
	route->next = rest__route.next = NULL;
	h = fake_route("/items", route->name, route);
	snprintf(text, sizeof(text), "%s", params);
	while ((name = strsep(&next, " ")) != NULL)
		fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, name,
		    validator(strcmp(name, "sort") == 0 ? sort : "^.{0,9}$"));
	fake_route("^.*$", "rest", &rest__route);
	problem = routes_init(NULL);
	return (problem != NULL ? problem : lists_check());
}

#define SORTS	"^(name|-name|-rank)$"

static void
test_a_list_that_fits(void **state)
{
	(void)state;
	assert_null(check(&all_items__route, ALL, SORTS));
	assert_null(check(&pages_only__route, "q kind", SORTS));
	assert_null(check(&pages_only__route, "q kind sort other", SORTS));
	items_list.pages = NULL;
	assert_null(check(&cursor_only__route, "q kind cursor", SORTS));
}

static void
test_a_parameter_of_nobody(void **state)
{
	(void)state;
	assert_string_equal(check(&all_items__route, "kind sort cursor",
	    SORTS), "kore.conf: all_items has no `validate q`, and items.list "
	    "has :q; or let list_items give it, and add it to the list's "
	    "LISTS");
	assert_string_equal(check(&all_items__route, "q sort cursor", SORTS),
	    "kore.conf: all_items has no `validate kind`, and items.list has "
	    ":kind; or let list_items give it, and add it to the list's "
	    "LISTS");
}

static void
test_orders_and_choices(void **state)
{
	(void)state;
	assert_string_equal(check(&all_items__route, ALL,
	    "^(name|-name|rank|-rank)$"), "kore.conf: the validator of "
	    "all_items's sort has rank, which is no order of items.list: add "
	    "it to `by` in sql/queries, or take it out");
	assert_string_equal(check(&all_items__route, ALL, "^(name|-name)$"),
	    "kore.conf: the validator of all_items's sort lacks -rank, an "
	    "order of items.list: add it, or take it out of `by` in "
	    "sql/queries");
	assert_string_equal(check(&all_items__route, ALL, "^-?[a-z]+$"),
	    "kore.conf: the validator of all_items's sort must be a choice "
	    "of the orders of items.list, such as ^(-rank)$");
}

static void
test_no_order_without_sort(void **state)
{
	(void)state;
	items_list.sort = NULL;
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list: which order is it without ?sort? Write .sort = "
	    "\"name\"");
}

static void
test_cursors(void **state)
{
	(void)state;
	assert_string_equal(check(&odd__route, ALL, SORTS),
	    "list_items has a cursor in kore.conf: its row needs .out_cursor "
	    "= &item_cursor_list_schema");
	assert_string_equal(check(&all_items__route, "q kind sort", SORTS),
	    "list_items has .out_cursor: write `validate cursor v_cursor` in "
	    "kore.conf, in the params of all_items");
	items_list.cursor = NULL;
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "kore.conf: all_items has a cursor, and items.list has only "
	    "pages: take the cursor out, or define the list with LIST_QUERY");
	assert_null(check(&pages_only__route, "q kind sort", SORTS));
}

static void
test_both_ways(void **state)
{
	(void)state;
	items_list.both_ways = true;
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list: LIST_QUERY_BOTH_WAYS needs both directions of rank: "
	    "take `asc` or `desc` out of `by` in sql/queries");
	statements[0].sort = "rank";
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list: LIST_QUERY_BOTH_WAYS needs both directions of name: "
	    "take `asc` or `desc` out of `by` in sql/queries");
	statements[1].sort = "name";
	statements[2].sort = "-rank";
	assert_non_null(check(&all_items__route, ALL, SORTS));
	statements[1].sort = "-rank";
	assert_null(check(&all_items__route, ALL, "^(rank|-rank)$"));
	statements[0].sort = "name";
	items_list.item = &item_schema;
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list: LIST_QUERY_FIELDS needs both directions of name: "
	    "take `asc` or `desc` out of `by` in sql/queries");
	items_list.item = NULL;
}

/* See test_list_check_items.c. */
static void
test_items_and_what_is_shown(void **state)
{
	(void)state;
	items_list.fields = NAMES("id");
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list has .fields, and no .item: define it with "
	    "LIST_QUERY_FIELDS, or take .fields out");
	items_list.fields = NULL;
	assert_string_equal(check(&all_items__route, ALL " fields", SORTS),
	    "kore.conf: all_items has `validate fields`, and the items of "
	    "items.list always show the same: take it out, or define the list "
	    "with LIST_QUERY_FIELDS");
}

static void
test_a_text_that_may_be_null(void **state)
{
	static const char	 line[] = "items.list: name, a text, may be "
	    "NULL, and no cursor can be made of that: take it out of `by` in "
	    "sql/queries, or define the list with LIST_QUERY_BY_PAGE";

	(void)state;
	statements[0].key = &nameless;
	assert_string_equal(check(&all_items__route, ALL, SORTS), line);
	statements[0].key = &hidden;
	assert_string_equal(check(&all_items__route, ALL, SORTS), line);
	items_list.cursor = NULL;
	assert_null(check(&pages_only__route, "q kind sort", SORTS));
}

static void
test_no_route(void **state)
{
	(void)state;
	assert_string_equal(check(&others__route, "q kind sort", SORTS),
	    "items.list: no GET responds with it: one needs .out = "
	    "&item_list_schema");
	items_list.pages = NULL;
	assert_string_equal(check(&all_items__route, ALL, SORTS),
	    "items.list: no GET responds with it: one needs .out = "
	    "&item_cursor_list_schema");
}

static void
test_a_route_that_kore_conf_leaves_out(void **state)
{
	(void)state;
	assert_non_null(check(&others__route, "q kind sort", SORTS));
	ONLY_WRITTEN(&all_items__route);
	all_items__route.hdlr = NULL;
	assert_null(lists_check());
	ONLY_WRITTEN(&others__route);
	assert_non_null(lists_check());
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_list_that_fits),
		TEST(test_a_parameter_of_nobody),
		TEST(test_orders_and_choices),
		TEST(test_no_order_without_sort),
		TEST(test_cursors),
		TEST(test_both_ways),
		TEST(test_items_and_what_is_shown),
		TEST(test_a_text_that_may_be_null),
		TEST(test_no_route),
		TEST(test_a_route_that_kore_conf_leaves_out),
	};

	return (cmocka_run_group_tests_name("list_check", tests, NULL, NULL));
}
