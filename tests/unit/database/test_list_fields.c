/* SPDX-License-Identifier: ISC */
/* Lists whose items show what is asked for, and totals that are estimated. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/database/database_list.c src/database/list_fields.c */
/* sources: src/database/database_params.c */
/* sources: src/http/page.c src/http/respond.c src/http/schema_response.c */
/* sources: src/http/conditional.c src/http/query.c src/http/routes.c */
/* sources: src/schema/schema.c src/schema/schema_write.c */
/* sources: src/schema/schema_value.c */
/* sources: src/schema/validator.c src/base/jsonw.c src/request/ctx.c */
/* sources: src/request/depend.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/endpoint.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c src/utils/timefmt.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "list_fixture.h"

struct maker {
	const char	*name;
};

SCHEMA_DECLARE(maker, maker);
SCHEMA_DECLARE(entry, item);
SCHEMA_DECLARE(entry_item, item);

static const struct member	maker_members[] = {
	MEMBER(maker, name, T_STR, OUT),
};

static const struct member	entry_members[] = {
	MEMBER(item, id, T_UUID, OUT),
	MEMBER(item, rank, T_INT, OUT),
	MEMBER(item, name, T_STR, OUT | OR_NULL),
	MEMBER(item, code, T_UUID, 0),
	OBJECT(item, maker, maker, OUT | OPTIONAL),
};

SCHEMA(maker);
SCHEMA_OF(entry, item);
SCHEMA_LIKE(entry_item, entry, .sparse = true);

LISTS(items, view, entry, owner);

static unsigned		 most;
static int64_t		 estimate;
static unsigned		 nestimates, ncompleted;
static const char	*removed;		/* ids of rows */

static int64_t
estimate_items(struct ctx *c, const char *const *given)
{
	(void)c;
	assert_string_equal(given[0], "me");
	nestimates++;
	return (estimate);
}

static AWAITS size_t
complete_items(struct ctx *c, void *rows, size_t n, const char *const *shown)
{
	static const struct maker	 ada = { "Ada" };
	struct item			*all = rows;
	size_t				 i, kept = 0;

	(void)c;
	ncompleted++;
	for (i = 0; i < n; i++) {
		if (strstr(removed, all[i].id) != NULL)
			continue;
		all[kept] = all[i];
		if (names_have(shown, "maker"))
			all[kept].maker = &ada;
		kept++;
	}
	return (kept);
}

LIST_QUERY_FIELDS(items, view, entry, entry_item, .sort = "rank",
    .fields = NAMES("id", "name"), .complete = complete_items,
    .total_max = &most, .estimate = estimate_items);

static void
list_view(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_view_respond(c, "me");
}

ROUTE(item_view, GET(list_view, .out = &entry_list_schema,
    .out_cursor = &entry_cursor_list_schema));

static struct list_statement	viewed[] = {
	UP("rank", 1), DOWN("rank", 1),
	{ .query = { .name = "count", .names = NAMES_OF("owner",
	    "page.most") } },
};

static int
configure_view(void **state)
{
	static const char *const	 names[] = { "page", "skip", "limit",
	    "sort", "cursor", "q", "owner", "fields", "expand" };
	struct kore_module_handle	*h;
	struct kore_validator		*any;
	const char			*problem;
	size_t				 i;

	(void)state;
	h = fake_route("/items", "item_view", &item_view__route);
	any = fake_validator("any", "length:0..2000", NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING,
		    names[i], any);
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = routes_init(NULL)) != NULL ||
	    (problem = schemas_init()) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

static int
setup_view(void **state)
{
	setup(state);
	items_view.statements = viewed;
	items_view.nstatements = sizeof(viewed) / sizeof(viewed[0]);
	items_view.total_max = &most;
	items_view.complete = complete_items;
	most = 100;
	removed = "";
	nestimates = ncompleted = 0;
	return (0);
}

static const char *
view(const char *query)
{
	return (get_from(&item_view__route, query));
}

/* The first item of a page; or why there is none. */
static const char *
first(const char *query)
{
	static char	 item[512];
	char		 text[512];
	const char	*body, *start;

	snprintf(text, sizeof(text), "limit=1&%s", query);
	body = view(text);
	if ((start = strstr(body, "\"items\":[")) == NULL)
		return (body);
	start += strlen("\"items\":[");
	snprintf(item, sizeof(item), "%.*s", (int)(strstr(start, "]") -
	    start), start);
	return (item);
}

/* ?fields and ?expand */

static void
test_what_is_shown(void **state)
{
	static const char *const	 cases[][2] = {
		{ "", "{\"id\":\"a\",\"name\":\"Ada\"}" },
		{ "fields=id", "{\"id\":\"a\"}" },
		{ "fields=rank", "{\"rank\":1}" },
		{ "fields=name,id,rank",
		  "{\"id\":\"a\",\"rank\":1,\"name\":\"Ada\"}" },
		{ "fields=id,id,id,id,id,id,id,id", "{\"id\":\"a\"}" },
		{ "expand=maker", "{\"id\":\"a\",\"name\":\"Ada\","
		  "\"maker\":{\"name\":\"Ada\"}}" },
		{ "fields=id&expand=maker",
		  "{\"id\":\"a\",\"maker\":{\"name\":\"Ada\"}}" },
		{ "fields=maker", "{\"maker\":{\"name\":\"Ada\"}}" },
		{ "fields=maker,id,name,rank&expand=maker,maker",
		  "{\"id\":\"a\",\"rank\":1,\"name\":\"Ada\","
		  "\"maker\":{\"name\":\"Ada\"}}" },
	};
	char				 query[128];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(first(cases[i][0]), cases[i][1]);
		snprintf(query, sizeof(query), "%s&cursor=", cases[i][0]);
		assert_string_equal(first(query), cases[i][1]);
	}
}

#define WRONG	"422 VALIDATION_ERROR "

static void
test_what_is_refused(void **state)
{
	static const char *const	 cases[][3] = {
		{ "fields=nme", "query.fields:not_allowed",
		  "There is no field nme" },
		{ "fields=ID", "query.fields:not_allowed",
		  "There is no field ID" },
		{ "fields=code", "query.fields:not_allowed",
		  "There is no field code" },
		{ "fields=total_is_estimate", "query.fields:not_allowed",
		  "There is no field total_is_estimate" },
		{ "fields=id,,name", "query.fields:not_allowed",
		  "Must be names with a comma between them" },
		{ "fields=,", "query.fields:not_allowed "
		  "query.fields:not_allowed",
		  "Must be names with a comma between them" },
		{ "fields=id,", "query.fields:not_allowed",
		  "Must be names with a comma between them" },
		{ "expand=name", "query.expand:not_allowed",
		  "There is no field name" },
		{ "expand=owner", "query.expand:not_allowed",
		  "There is no field owner" },
		{ "fields=x,y&expand=z", "query.fields:not_allowed "
		  "query.fields:not_allowed query.expand:not_allowed",
		  "There is no field x" },
	};
	char				 expect[256];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(expect, sizeof(expect), WRONG "%s", cases[i][1]);
		assert_string_equal(view(cases[i][0]), expect);
		assert_string_equal(request_detail(0), cases[i][2]);
		assert_string_equal(asked, "");
	}
}

/* Rows that are gone */

static void
test_rows_that_are_removed(void **state)
{
	const char	*body;

	(void)state;
	removed = "ac";
	body = view("limit=3&fields=id");
	assert_string_equal(ids(body), "b");
	assert_non_null(strstr(body, "\"total\":7,\"page\":1,\"limit\":3,"
	    "\"pages\":3"));
	assert_int_equal(ncompleted, 1);
	items_view.complete = NULL;
	assert_string_equal(ids(view("limit=3")), "abc");
	assert_string_equal(first("expand=maker"),
	    "{\"id\":\"a\",\"name\":\"Ada\"}");
	assert_int_equal(ncompleted, 1);
}

/* The pages go on behind what was read, not behind what is left. */
static void
test_cursors_of_rows_that_are_removed(void **state)
{
	const char	*body;

	(void)state;
	removed = "cdefg";
	body = view("limit=3&cursor=");
	assert_string_equal(ids(body), "ab");
	assert_non_null(strstr(body, "\"has_more\":true"));
	body = view(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "");
	assert_non_null(strstr(body, "\"has_more\":true"));
	removed = "";
	body = view(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "g");
	assert_non_null(strstr(body, "\"has_more\":false"));
	removed = "df";
	body = view(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "e");
	removed = "abc";
	body = view(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "");
	assert_null(query_with(body, "prev_cursor"));
	removed = "";
	assert_string_equal(ids(view(query_with(body, "next_cursor"))), "def");
}

/* A list whose items are always the same has nothing that is shown. */
static size_t
complete_all(struct ctx *c, void *rows, size_t n, const char *const *shown)
{
	(void)c;
	(void)rows;
	assert_null(shown);
	return (n - 1);
}

static void
test_completing_without_fields(void **state)
{
	(void)state;
	items_view.item = NULL;
	items_view.complete = complete_all;
	assert_string_equal(ids(view("limit=3")), "ab");
	assert_string_equal(ids(view("limit=3&cursor=")), "ab");
	items_view.item = &entry_item_schema;
}

/* Totals */

static void
assert_total(unsigned max, int64_t is, const char *total, unsigned asks)
{
	char		 expect[128];
	const char	*body;

	most = max;
	estimate = is;
	nestimates = 0;
	body = view("limit=2");
	snprintf(expect, sizeof(expect), "count: NULL me %u; up rank: NULL "
	    "-9223372036854775808 " FIRST " 2 0", max + 1);
	assert_string_equal(asked, expect);
	assert_non_null(strstr(body, total));
	assert_int_equal(nestimates, asks);
	assert_string_equal(ids(body), "ab");
}

/* The links lead to all 7 rows. */
static void
test_an_estimate_that_is_too_low(void **state)
{
	(void)state;
	most = 2;
	estimate = 3;
	assert_non_null(strstr(view("limit=3"), "\"total\":4,\"page\":1,"
	    "\"limit\":3,\"pages\":2,\"total_is_estimate\":true}"));
	assert_header("link", "</items?page=2&limit=3>; rel=\"next\"");
	assert_non_null(strstr(view("page=2&limit=3"), "\"total\":7,"
	    "\"page\":2,\"limit\":3,\"pages\":3,"));
	assert_header("link", "</items?page=3&limit=3>; rel=\"next\", "
	    "</items?page=1&limit=3>; rel=\"prev\"");
	assert_non_null(strstr(view("page=3&limit=3"), "\"total\":7,"
	    "\"page\":3,\"limit\":3,\"pages\":3,"));
	assert_header("link", "</items?page=2&limit=3>; rel=\"prev\"");
	/* A page behind the end says nothing of the rows before it. */
	assert_non_null(strstr(view("page=4&limit=3"), "\"total\":3,"));
	/* What was counted is never changed. */
	most = 7;
	assert_non_null(strstr(view("page=2&limit=3"), "\"total\":7,"));
	assert_non_null(strstr(view("limit=7"), "\"total\":7,"));
}

/* There are 7 rows. */
static void
test_totals(void **state)
{
	(void)state;
	assert_total(8, 50, "\"total\":7,\"page\":1,\"limit\":2,"
	    "\"pages\":4,\"total_is_estimate\":false}", 0);
	assert_total(7, 50, "\"total\":7,\"page\":1,\"limit\":2,"
	    "\"pages\":4,\"total_is_estimate\":false}", 0);
	assert_total(6, 50, "\"total\":50,\"page\":1,\"limit\":2,"
	    "\"pages\":25,\"total_is_estimate\":true}", 1);
	assert_header("link", "</items?page=2&limit=2>; rel=\"next\"");
	/* At least as many as were counted. */
	assert_total(4, 3, "\"total\":5,\"page\":1,\"limit\":2,"
	    "\"pages\":3,\"total_is_estimate\":true}", 1);
	assert_total(4, -1, "\"total\":5,", 1);
	assert_total(4, 5, "\"total\":5,", 1);
	assert_total(4, 6, "\"total\":6,", 1);
	assert_total(UINT32_MAX - 1, 50, "\"total\":7,", 0);
}

/* A total that is always exact need not say so. */
static void
test_a_total_without_a_limit(void **state)
{
	(void)state;
	items_view.total_max = NULL;
	items_view.statements = statements;
	items_view.nstatements = sizeof(statements) / sizeof(statements[0]);
	assert_non_null(strstr(view("limit=2"), "\"pages\":4}"));
	assert_int_equal(nestimates, 0);
}

/* A cursor keeps its order; the list behind the route may be another. */
static void
test_a_cursor_of_an_order_that_is_none(void **state)
{
	char	 query[2200];

	(void)state;
	snprintf(query, sizeof(query), "%s", query_with(view(
	    "limit=3&sort=-rank&cursor="), "next_cursor"));
	items_view.nstatements = 1;
	assert_string_equal(view(query), "400 INVALID_CURSOR");
	assert_string_equal(request.error.message,
	    "The cursor is of a list sorted by -rank");
}

static void
test_memory_short(void **state)
{
	(void)state;
	check_short_memory(&item_view__route, "fields=id,rank&expand=maker");
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup_view, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_what_is_shown),
		TEST(test_what_is_refused),
		TEST(test_rows_that_are_removed),
		TEST(test_cursors_of_rows_that_are_removed),
		TEST(test_completing_without_fields),
		TEST(test_totals),
		TEST(test_an_estimate_that_is_too_low),
		TEST(test_a_total_without_a_limit),
		TEST(test_a_cursor_of_an_order_that_is_none),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("list_fields", tests,
	    configure_view, NULL));
}
