/* SPDX-License-Identifier: ISC */
/* Lists with .item, .fields, .complete and .total_max that do not fit. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/database/list_check_items.c src/http/query.c */
/* sources: src/http/routes.c src/schema/schema.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/endpoint.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c tests/unit/fakes/kore_fake.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "http/answer_fixture.h"

#include "database/list_check.h"
#include "fakes/kore_fake.h"

struct maker {
	const char	*name;
};

struct item {
	const char		*id;
	const char		*name;
	const char		*secret;
	const struct maker	*maker, *owner;
};

SCHEMA_DECLARE(maker, maker);
SCHEMA_DECLARE(maker_item, maker);
SCHEMA_DECLARE(item, item);
SCHEMA_DECLARE(item_view, item);
LISTS(items, list, item);
LISTS(items, all, item);
LISTS(makers, list, maker);

static const struct member	maker_members[] = {
	MEMBER(maker, name, T_STR, OUT),
};

static const struct member	item_members[] = {
	MEMBER(item, id, T_UUID, OUT),
	MEMBER(item, name, T_STR, OUT),
	MEMBER(item, secret, T_STR, 0),
	OBJECT(item, maker, maker, OUT | OPTIONAL),
	OBJECT(item, owner, maker, OPTIONAL),	/* never shown */
};

SCHEMA(maker);
SCHEMA(item);
SCHEMA_LIKE(item_view, item, .sparse = true);
SCHEMA_LIKE(maker_item, maker, .sparse = true);

static size_t
complete(struct ctx *c, void *rows, size_t n, const char *const *shown)
{
	(void)c;
	(void)rows;
	(void)shown;
	return (n);
}

static int64_t
estimate(struct ctx *c, const char *const *given)
{
	(void)c;
	(void)given;
	return (0);
}

static unsigned	most;

LIST_QUERY_FIELDS(items, list, item, item_view, .sort = "name");
LIST_QUERY_FIELDS(makers, list, maker, maker_item, .sort = "name");

/* The responses of items of one kind, without ?fields. */
LIST_PAGES(plain_list, item);
LIST_CURSOR(plain_cursor_list, item);
LIST_QUERY_AS(items, all, item, .sort = "name");

static void
list_items(struct ctx *c)
{
	(void)c;
}

ROUTER(tests, "Of a test.");

#define A_ROUTE(name)	ROUTE(name, GET(list_items, .out = &item_list_schema))

A_ROUTE(with_none);
A_ROUTE(with_fields);
A_ROUTE(with_expand);
A_ROUTE(with_other_expand);
A_ROUTE(with_short_expand);
A_ROUTE(with_hidden_expand);
A_ROUTE(with_free_expand);
ROUTE(rest);

static struct list_statement	statements[] = {
	{ .query.names = NAMES("q") }, { .query.names = NAMES("page.key") },
};

/* What the tests change. */
static struct list	l;

static const char *const	id_and_name[] = { "id", "name", NULL };
static const char *const	no_filter[] = { "page.key", NULL };

static void
plain(void)
{
	l = items_all;
	l.pages = &plain_list_schema;
	l.cursor = &plain_cursor_list_schema;
	l.statements = statements;
	l.nstatements = 2;
}

static int
setup(void **state)
{
	(void)state;
	statements[1].query.names = no_filter;
	l = items_list;
	l.statements = statements;
	l.nstatements = 2;
	l.fields = id_and_name;
	l.complete = complete;
	l.total_max = &most;
	l.estimate = estimate;
	return (0);
}

#define assert_line(text)						\
	assert_string_equal(list_check_items(&l), "items." text)

static void
test_lists_that_fit(void **state)
{
	(void)state;
	assert_null(list_check_items(&l));
	l.total_max = NULL;
	l.estimate = NULL;
	l.fields = NAMES("maker");
	assert_null(list_check_items(&l));
	l.pages = NULL;
	assert_null(list_check_items(&l));
	l.pages = &item_list_schema;
	l.cursor = NULL;
	assert_null(list_check_items(&l));
	plain();
	assert_null(list_check_items(&l));
	l.complete = complete;
	assert_null(list_check_items(&l));
}

static void
test_half_of_it(void **state)
{
	(void)state;
	l.fields = NULL;
	assert_line("list has .item, and no .fields: write .fields = "
	    "NAMES(...), what its items show without ?fields");
	setup(NULL);
	l.item = NULL;
	assert_line("list has .fields, and no .item: define it with "
	    "LIST_QUERY_FIELDS, or take .fields out");
	l.fields = NULL;
	assert_line("list: the items of item_list_schema show what ?fields "
	    "asks for: write .item = &item_view_schema and .fields = "
	    "NAMES(...)");
	l.pages = NULL;
	assert_line("list: the items of item_cursor_list_schema show what "
	    "?fields asks for: write .item = &item_view_schema and .fields = "
	    "NAMES(...)");
}

static void
test_fields_that_are_none(void **state)
{
	(void)state;
	l.fields = NAMES("id", "nam");
	assert_line("list: .fields names nam, which item_view does not have");
	l.fields = NAMES("secret");
	assert_line("list: .fields names secret, which is not OUT in "
	    "item_view: write OUT, or take it out of .fields");
	l.fields = NAMES("id", "name", "id");
	assert_line("list: .fields names id twice");
}

static void
test_items_that_show_the_same(void **state)
{
	(void)state;
	l.item = &item_schema;
	l.pages = &plain_list_schema;
	l.cursor = &plain_cursor_list_schema;
	assert_line("list: no member of item is SPARSE, so that ?fields would "
	    "change nothing: write .sparse = true in its SCHEMA_LIKE");
}

static void
test_other_responses(void **state)
{
#define OF_MAKERS(response)						\
	"list: its rows are of struct item, and the items of " response	\
	"_schema of struct maker: name the responses of a list of the same " \
	"rows"
	(void)state;
	l.item = &maker_item_schema;
	l.fields = NAMES("name");
	assert_line("list: its .item is maker_item_schema, and "
	    "item_list_schema has items of item_view: write .item = "
	    "&item_view_schema");
	l.pages = &maker_list_schema;
	assert_line(OF_MAKERS("maker_list"));
	l.pages = NULL;
	l.cursor = &maker_cursor_list_schema;
	assert_line(OF_MAKERS("maker_cursor_list"));
	setup(NULL);
	l.cursor = &plain_cursor_list_schema;
	assert_line("list: its .item is item_view_schema, and "
	    "plain_cursor_list_schema has items of item: write .item = "
	    "&item_schema");
}

/* In a list of one kind, an object that is OPTIONAL may be left out. */
static void
test_objects_that_nothing_sets(void **state)
{
	static struct member	 members[5];

	(void)state;
	l.complete = NULL;
	assert_line("list: nothing sets maker, an OBJECT of item_view: write "
	    ".complete, a function that does");
	l.pages = NULL;
	l.total_max = NULL;
	l.estimate = NULL;
	assert_line("list: nothing sets maker, an OBJECT of item_view: write "
	    ".complete, a function that does");
	plain();
	assert_null(list_check_items(&l));
	memcpy(members, item_members, sizeof(members));
	members[3].flags = OUT;
	item_schema.members = members;
	assert_line("all: nothing sets maker, an OBJECT of item: write "
	    ".complete, a function that does");
	item_schema.members = item_members;
}

static void
test_totals(void **state)
{
	(void)state;
	l.estimate = NULL;
	assert_line("list has .total_max, and no .estimate: write the function "
	    "that says about how many rows there are");
	setup(NULL);
	l.total_max = NULL;
	assert_line("list has .estimate, and no .total_max: write how many "
	    "rows are counted before the total is estimated");
	setup(NULL);
	l.pages = NULL;
	assert_line("list has .total_max, and no pages with a total: take it "
	    "and .estimate out");
	plain();
	l.total_max = &most;
	l.estimate = estimate;
	assert_line("all has .total_max, and plain_list_schema has no "
	    "total_is_estimate: define the list with LIST_QUERY_FIELDS");
}

/* ?fields and ?expand of a route */

static const char *
query_of(const struct route *r)
{
	return (list_check_query(&l, r, route_endpoint(r, VERB_GET)));
}

static void
test_queries_that_fit(void **state)
{
	(void)state;
	assert_null(query_of(&with_none__route));
	assert_null(query_of(&with_fields__route));
	assert_null(query_of(&with_expand__route));
	assert_null(query_of(&with_free_expand__route));
	plain();
	assert_null(query_of(&with_none__route));
}

static void
test_parameters_that_nobody_reads(void **state)
{
	(void)state;
	plain();
	assert_string_equal(query_of(&with_fields__route), "kore.conf: "
	    "with_fields has `validate fields`, and the items of items.all "
	    "always show the same: take it out, or define the list with "
	    "LIST_QUERY_FIELDS");
	assert_string_equal(query_of(&with_expand__route), "kore.conf: "
	    "with_expand has `validate expand`, and the items of items.all "
	    "always show the same: take it out, or define the list with "
	    "LIST_QUERY_FIELDS");
	/* Unless the list has a filter of that name. */
	statements[1].query.names = NAMES("q", "fields");
	assert_null(query_of(&with_fields__route));
	assert_non_null(query_of(&with_expand__route));
}

#define NO_OBJECT(route, name)	"kore.conf: the validator of " route "'s "   \
				"expand has " name ", which is no OBJECT of " \
				"item_view: add it there, or take it out"

static void
test_objects_that_are_none(void **state)
{
	(void)state;
	assert_string_equal(query_of(&with_other_expand__route),
	    NO_OBJECT("with_other_expand", "name"));
	assert_string_equal(query_of(&with_short_expand__route),
	    NO_OBJECT("with_short_expand", "make"));
	assert_string_equal(query_of(&with_hidden_expand__route),
	    NO_OBJECT("with_hidden_expand", "owner"));
	l.item = &maker_item_schema;
	assert_string_equal(query_of(&with_free_expand__route), "kore.conf: "
	    "with_free_expand has `validate expand`, and maker_item has no "
	    "OBJECT: take it out, or add one with OUT | OPTIONAL");
}

static void
add_route(struct route *r, const char *param, const char *regex)
{
	char				 path[64];
	struct kore_module_handle	*h;

	snprintf(path, sizeof(path), "/%s", r->name);
	h = fake_route(strdup(path), r->name, r);
	if (param != NULL)
		fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, param,
		    fake_validator(r->name, regex, NULL));
}

static int
configure(void **state)
{
	const char	*problem;

	(void)state;
	add_route(&with_none__route, NULL, NULL);
	add_route(&with_fields__route, "fields", "^[a-z,]{1,9}$");
	add_route(&with_expand__route, "expand", "^(maker)$");
	add_route(&with_other_expand__route, "expand", "^(maker|name)$");
	add_route(&with_short_expand__route, "expand", "^(make|maker)$");
	add_route(&with_hidden_expand__route, "expand", "^(maker|owner)$");
	add_route(&with_free_expand__route, "expand", "^[a-z,]{1,9}$");
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = schemas_init()) != NULL ||
	    (problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest	tests[] = {
		TEST(test_lists_that_fit),
		TEST(test_half_of_it),
		TEST(test_fields_that_are_none),
		TEST(test_items_that_show_the_same),
		TEST(test_other_responses),
		TEST(test_objects_that_nothing_sets),
		TEST(test_totals),
		TEST(test_queries_that_fit),
		TEST(test_parameters_that_nobody_reads),
		TEST(test_objects_that_are_none),
	};

	return (cmocka_run_group_tests_name("list_check_items", tests,
	    configure, NULL));
}
