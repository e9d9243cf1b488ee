/* SPDX-License-Identifier: ISC */
/* Pages of lists, from a table of the test's own. */

/* sources: src/database/database_list.c src/database/database_params.c */
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

#include "http/answer_fixture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "database/list.h"
#include "fakes/kore_fake.h"
#include "request/depend.h"
#include "utils/timefmt.h"

#define FIRST	"00000000-0000-0000-0000-000000000000"
#define LAST	"ffffffff-ffff-ffff-ffff-ffffffffffff"
#define MIDDAY	INT64_C(1767268800000000)	/* 2026-01-01T12:00:00Z */

struct item {
	const char	*id;
	int64_t		 rank;
	int64_t		 at;
	const char	*name;
	const char	*code;
	bool		 fine;
};

/* Ordered by rank and id, and by the time, descending. */
static struct item	items[] = {
	{ "a", 1, MIDDAY + 7, "Ada", LAST, false },
	{ "b", 1, MIDDAY + 6, "Bob", LAST, false },
	{ "c", 2, MIDDAY + 5, "Cid", LAST, false },
	{ "d", 2, MIDDAY + 4, "Dan", LAST, false },
	{ "e", 2, MIDDAY + 3, NULL, LAST, false },
	{ "f", 3, MIDDAY + 2, "Fay", LAST, true },
	{ "g", 5, MIDDAY + 1, "Gil", LAST, true },
};

static size_t	nitems;

SCHEMA_DECLARE(item, item);
LISTS_BOTH_WAYS(items, list, item);
LISTS_AS(items, own, item, owner, q);
LISTS_BY_CURSOR(items, log, item, until);

static const struct member	item_members[] = {
	MEMBER(item, id, T_UUID, OUT),
	MEMBER(item, rank, T_INT, 0),
	MEMBER(item, at, T_TIME, 0),
	MEMBER(item, name, T_STR, OR_NULL),
	MEMBER(item, code, T_UUID, 0),
	MEMBER(item, fine, T_BOOL, 0),
};

SCHEMA(item);
LIST_QUERY_BOTH_WAYS(items, list, item, .sort = "rank");
LIST_QUERY_AS(items, own, item, .sort = "rank", .pages = &item_list_schema,
    .cursor = &item_cursor_list_schema);
LIST_QUERY_BY_CURSOR(items, log, item, .sort = "-at", .until = "until");

struct schema	none_schema, total_schema;

#define NAMES_OF(...)	NAMES("q", ##__VA_ARGS__)
#define PAGED(...)							\
	NAMES_OF("page.key", "page.id", ##__VA_ARGS__, "page.limit", "page.skip")
#define STATEMENT(title, order, index, down, ...)			\
	{ .sort = order, .key = &item_members[index],			\
	  .descending = down, .query = { .name = title, .names =	\
	    PAGED(__VA_ARGS__), .row = &item_schema } }
#define UP(name, index)		STATEMENT("up " name, name, index, false)
#define DOWN(name, index)	STATEMENT("down " name, "-" name, index, true)

static struct list_statement	statements[] = {
	UP("rank", 1), DOWN("rank", 1), UP("at", 2), DOWN("at", 2),
	UP("name", 3), DOWN("name", 3), UP("code", 4), DOWN("code", 4),
	UP("fine", 5), DOWN("fine", 5),
	{ .query = { .name = "count", .names = NAMES_OF("owner") } },
};

#define FILTERED(filter, title, ...)					\
	{ .sort = "rank", .each = filter, .key = &item_members[1],	\
	  .query = { .name = title, .names = PAGED(__VA_ARGS__) } }

static struct list_statement	filtered[] = {
	FILTERED(NULL, "any"),
	FILTERED("owner", "by owner", "owner"),
	FILTERED("q", "by q"),
	{ .each = "owner", .query = { .name = "count owner's",
	    .names = NAMES_OF("owner") } },
	{ .query = { .name = "count", .names = NAMES_OF() } },
};

/* What the last statements got: their names and values. */
static char	asked[1000];

static const char *
value_of(const struct query *q, const char *const *given, const char *name)
{
	size_t	 i;

	for (i = 0; q->names[i] != NULL; i++) {
		if (strcmp(q->names[i], name) == 0)
			return (given[i]);
	}
	return (NULL);
}

static void
tell(const struct query *q, const char *const *given, size_t ngiven)
{
	size_t	 i, n = strlen(asked);

	n += (size_t)snprintf(asked + n, sizeof(asked) - n, "%s%s:",
	    n > 0 ? "; " : "", q->name);
	for (i = 0; i < ngiven; i++)
		n += (size_t)snprintf(asked + n, sizeof(asked) - n, " %s",
		    given[i] == NULL ? "NULL" : *given[i] == '\0' ? "''" :
		    given[i]);
	assert_null(q->names[ngiven]);
}

/* Is the row behind the start, in the direction of the statement? */
static bool
is_behind(const struct item *row, int64_t key, const char *id, bool down)
{
	if (row->rank != key)
		return (down ? row->rank < key : row->rank > key);
	return (down ? strcmp(row->id, id) < 0 : strcmp(row->id, id) > 0);
}

/* The table, for the orders by rank; all of it for the others. */
void *
db_query_many(struct ctx *c, const struct query *q, size_t *n,
    const void *from, const char *const *given, size_t ngiven)
{
	struct item	*rows = ctx_alloc(c, sizeof(items) + 1);
	const char	*id = value_of(q, given, "page.id");
	int64_t		 key = strtoll(value_of(q, given, "page.key") != NULL ?
			    value_of(q, given, "page.key") : "0", NULL, 10);
	size_t		 limit = (size_t)atoi(value_of(q, given,
			    "page.limit"));
	size_t		 skip = (size_t)atoi(value_of(q, given, "page.skip"));
	bool		 down = strncmp(q->name, "down", 4) == 0;
	size_t		 i, at;

	assert_null(from);
	tell(q, given, ngiven);
	*n = 0;
	for (i = 0; i < nitems; i++) {
		at = down ? nitems - 1 - i : i;
		if (strstr(q->name, " rank") != NULL &&
		    !is_behind(&items[at], key, id, down))
			continue;
		if (skip > 0)
			skip--;
		else if (*n < limit)
			rows[(*n)++] = items[at];
	}
	return (rows);
}

void *
db_query_one(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	struct total	*total = ctx_alloc(c, sizeof(*total));

	(void)from;
	tell(q, given, ngiven);
	total->total = (int64_t)nitems;
	return (total);
}

/* The handlers */

static const char	*until;

static void
list_items(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_list_respond(c);
}

static void
list_own(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_own_respond(c, "me", NULL);
}

static void
list_log(struct ctx *c)
{
	query_read(c);
	raise_validation(c);
	items_log_respond(c, until);
}

ROUTER(tests, "Of a test.");

ROUTE(all_items, GET(list_items, .out = &item_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(own_items, GET(list_own, .out = &item_list_schema,
    .out_cursor = &item_cursor_list_schema));
ROUTE(item_log, GET(list_log, .out = &items_log_schema,
    .out_cursor = &items_log_schema));
ROUTE(rest);

static int
configure(void **state)
{
	static const char *const	 names[] = { "page", "skip", "limit",
	    "sort", "cursor", "q", "owner" };
	struct kore_module_handle	*h[3];
	struct kore_validator		*any;
	const char			*problem;
	size_t				 i, j;

	(void)state;
	h[0] = fake_route("/items", "all_items", &all_items__route);
	h[1] = fake_route("/own", "own_items", &own_items__route);
	h[2] = fake_route("/log", "item_log", &item_log__route);
	any = fake_validator("any", "^.{0,2000}$", NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (j = 0; j < 3; j++)
			fake_param(h[j], HTTP_METHOD_GET,
			    KORE_PARAMS_QUERY_STRING, names[i], any);
	}
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

static int
setup(void **state)
{
	(void)state;
	nitems = sizeof(items) / sizeof(items[0]);
	until = NULL;
	items_list.statements = items_own.statements =
	    items_log.statements = statements;
	items_list.nstatements = items_own.nstatements =
	    items_log.nstatements = sizeof(statements) / sizeof(statements[0]);
	return (0);
}

/* The body of a page, or why there is none. */
static const char *
get_from(const struct route *route, const char *query)
{
	static char		 text[4096];
	const struct endpoint	*row = route_endpoint(route, VERB_GET);
	const char		*outcome;

	answer_begin(row);
	request.route = route;
	request.path = "/items";
	request.query = query;
	asked[0] = '\0';
	outcome = request_run(row->handler);
	if (strcmp(outcome, "ok") != 0)
		return (outcome);
	snprintf(text, sizeof(text), "%.*s", (int)request.response.len,
	    request.response.body);
	return (text);
}

static const char *
get(const char *query)
{
	return (get_from(&all_items__route, query));
}

/* The ids of a body's items: "abc". */
static const char *
ids(const char *body)
{
	static char	 found[32];
	size_t		 n = 0;

	while ((body = strstr(body, "{\"id\":\"")) != NULL) {
		body += strlen("{\"id\":\"");
		found[n++] = *body;
	}
	found[n] = '\0';
	return (found);
}

/* A query with a body's next_cursor or prev_cursor; NULL: it has none. */
static const char *
query_with(const char *body, const char *member)
{
	static char	 query[2200];
	const char	*p = strstr(body, member);

	assert_non_null(p);
	p += strlen(member) + 2;
	if (strncmp(p, "null", 4) == 0)
		return (NULL);
	assert_true(*p == '"');
	snprintf(query, sizeof(query), "limit=3&cursor=%.*s",
	    (int)strcspn(p + 1, "\""), p + 1);
	return (query);
}

/* Pages with a total */

static void
test_a_page(void **state)
{
	(void)state;
	assert_string_equal(get("limit=2&page=2&q=x"),
	    "{\"items\":[{\"id\":\"c\"},{\"id\":\"d\"}],\"total\":7,"
	    "\"page\":2,\"limit\":2,\"pages\":4}");
	assert_string_equal(asked, "count: x NULL; up rank: x "
	    "-9223372036854775808 " FIRST " 2 2");
	assert_header("link", "</items?page=3&q=x&limit=2>; rel=\"next\", "
	    "</items?page=1&q=x&limit=2>; rel=\"prev\"");
	assert_string_equal(get("skip=6&sort=-rank"),
	    "{\"items\":[{\"id\":\"a\"}],\"total\":7,\"page\":1,"
	    "\"limit\":20,\"pages\":1}");
	nitems = 0;
	assert_string_equal(get(""), "{\"items\":[],\"total\":0,\"page\":1,"
	    "\"limit\":20,\"pages\":0}");
}

/* Before the first row of each order. */
static void
test_starts(void **state)
{
	static const struct {
		const char	*sort, *key, *id;
	} starts[] = {
		{ "rank", "-9223372036854775808", FIRST },
		{ "-rank", "9223372036854775807", LAST },
		{ "at", "-infinity", FIRST }, { "-at", "infinity", LAST },
		{ "name", "''", FIRST }, { "-name", "NULL", LAST },
		{ "code", FIRST, FIRST }, { "-code", LAST, LAST },
		{ "fine", "false", FIRST }, { "-fine", "true", LAST },
	};
	char		 query[40], expect[200];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		snprintf(query, sizeof(query), "cursor=&sort=%s",
		    starts[i].sort);
		snprintf(expect, sizeof(expect), "%s %s: NULL %s %s 21 0",
		    *starts[i].sort == '-' ? "down" : "up",
		    starts[i].sort + (*starts[i].sort == '-'),
		    starts[i].key, starts[i].id);
		get(query);
		assert_string_equal(asked, expect);
	}
}

static void
test_an_order_that_is_none(void **state)
{
	(void)state;
	assert_string_equal(get("sort=id"),
	    "422 VALIDATION_ERROR query.sort:not_allowed");
	assert_string_equal(request_detail(0), "Is no order of this list");
	assert_string_equal(get("cursor=&sort=-"),
	    "422 VALIDATION_ERROR query.sort:not_allowed");
}

/* Parameters */

static void
test_what_is_given_wins(void **state)
{
	(void)state;
	get_from(&own_items__route, "q=x&owner=you&limit=1");
	assert_string_equal(asked, "count: NULL me; up rank: NULL "
	    "-9223372036854775808 " FIRST " 1 0");
	get("q=x&owner=you&limit=1");
	assert_string_equal(asked, "count: x you; up rank: x "
	    "-9223372036854775808 " FIRST " 1 0");
}

static void
test_the_first_filter_that_is_given(void **state)
{
	(void)state;
	items_list.statements = items_own.statements = filtered;
	items_list.nstatements = items_own.nstatements =
	    sizeof(filtered) / sizeof(filtered[0]);
	get("");
	assert_memory_equal(asked, "count: NULL; any: ", 18);
	get("q=x");
	assert_memory_equal(asked, "count: x; by q: ", 16);
	get("q=x&owner=y");
	assert_memory_equal(asked, "count owner's: x y; by owner: ", 30);
	get_from(&own_items__route, "q=x");
	assert_memory_equal(asked, "count owner's: NULL me; by owner: ", 34);
}

/* Cursors */

static void
test_there_and_back(void **state)
{
	const char	*body;

	(void)state;
	body = get("limit=3&cursor=");
	assert_string_equal(ids(body), "abc");
	assert_non_null(strstr(body, "\"prev_cursor\":null,\"has_more\":true,"
	    "\"limit\":3}"));
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "def");
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "g");
	assert_null(query_with(body, "next_cursor"));
	assert_non_null(strstr(body, "\"has_more\":false"));
	body = get(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "def");
	assert_non_null(strstr(body, "\"has_more\":true"));
	assert_non_null(strstr(answer_header("link"), "rel=\"next\", <"));
	assert_non_null(strstr(answer_header("link"), "rel=\"prev\""));
	body = get(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "abc");
	assert_null(query_with(body, "prev_cursor"));
	assert_null(strstr(answer_header("link"), "prev"));
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "def");
}

static void
test_there_and_back_descending(void **state)
{
	const char	*body = get("limit=3&sort=-rank&cursor=");

	(void)state;
	assert_string_equal(ids(body), "gfe");
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "dcb");
	body = get(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "gfe");
	assert_null(query_with(body, "prev_cursor"));
}

/* The rows of a page are deleted while its cursor is on its way. */
static void
test_an_empty_page(void **state)
{
	char		 there[2200], back[2200];
	const char	*body = get("limit=3&cursor=");

	(void)state;
	body = get(query_with(body, "next_cursor"));
	snprintf(there, sizeof(there), "%s", query_with(body, "next_cursor"));
	snprintf(back, sizeof(back), "%s", query_with(body, "prev_cursor"));

	nitems = 6;
	body = get(there);
	assert_string_equal(ids(body), "");
	assert_null(query_with(body, "next_cursor"));
	assert_non_null(strstr(body, "\"has_more\":false"));
	/* Back from there: the end of the list. */
	body = get(query_with(body, "prev_cursor"));
	assert_string_equal(ids(body), "def");
	assert_null(query_with(body, "next_cursor"));

	nitems = 0;
	body = get(back);
	assert_string_equal(ids(body), "");
	assert_null(query_with(body, "prev_cursor"));
	nitems = 7;
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "abc");
	assert_null(query_with(body, "prev_cursor"));
}

/* A list that does not go back: its pages say nothing about that. */
static void
test_one_way(void **state)
{
	const char	*body;

	(void)state;
	items_list.both_ways = false;
	body = get("limit=3&cursor=");
	body = get(query_with(body, "next_cursor"));
	assert_string_equal(ids(body), "def");
	assert_null(query_with(body, "prev_cursor"));
	assert_null(strstr(answer_header("link"), "prev"));
	items_list.both_ways = true;
}

/* The key of the last row, as text, is where the next page begins. */
static void
test_keys(void **state)
{
	static const struct {
		const char	*sort, *key;
	} keys[] = {
		{ "rank", "2 c" }, { "-rank", "2 e" }, { "name", "Cid c" },
		{ "-name", "NULL e" }, { "fine", "false c" },
		{ "at", "2026-01-01T12:00:00.000005Z c" },
		{ "code", LAST " c" },
	};
	char		 query[40], expect[200];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(query, sizeof(query), "limit=3&cursor=&sort=%s",
		    keys[i].sort);
		get(query_with(get(query), "next_cursor"));
		snprintf(expect, sizeof(expect), "%s %s: NULL %s 4 0",
		    *keys[i].sort == '-' ? "down" : "up",
		    keys[i].sort + (*keys[i].sort == '-'), keys[i].key);
		assert_string_equal(asked, expect);
	}
}

/* Until */

static void
test_until(void **state)
{
	const char	*body;

	(void)state;
	body = get_from(&item_log__route, "limit=3");
	assert_string_equal(asked, "down at: NULL infinity " LAST " 4 0");
	assert_null(strstr(body, "prev_cursor"));
	until = "2026-01-01T12:00:00.000007Z";
	body = get_from(&item_log__route, "limit=3");
	assert_string_equal(asked, "down at: NULL 2026-01-01T12:00:00.000007Z "
	    FIRST " 4 0");
	/* The earlier of the two: the last row is of 12:00:00.000003. */
	body = get_from(&item_log__route, query_with(body, "next_cursor"));
	assert_string_equal(asked, "down at: NULL 2026-01-01T12:00:00.000003Z "
	    "e 4 0");
	until = "2026-01-01T12:00:00.000003Z";
	body = get_from(&item_log__route, query_with(body, "next_cursor"));
	assert_string_equal(asked, "down at: NULL 2026-01-01T12:00:00.000003Z "
	    FIRST " 4 0");
	until = "2026-01-01T12:00:00.000002Z";
	get_from(&item_log__route, query_with(body, "next_cursor"));
	assert_string_equal(asked, "down at: NULL 2026-01-01T12:00:00.000002Z "
	    FIRST " 4 0");
}

/* A repository of the test's own */

static char	titles[64];

static void *
two_items(struct ctx *c, const char *title, const void *from,
    const char *const *given, size_t *n)
{
	static struct total	 total = { 2 };

	(void)c;
	assert_null(from);
	assert_string_equal(given[0], "me");
	strcat(titles, title);
	*n = 2;
	return (strcmp(title, "count") == 0 ? (void *)&total : items);
}

static void
test_an_override(void **state)
{
	(void)state;
	override_repository("items", two_items, "list_own");
	titles[0] = '\0';
	assert_string_equal(get_from(&own_items__route, ""),
	    "{\"items\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"total\":2,"
	    "\"page\":1,\"limit\":20,\"pages\":1}");
	assert_string_equal(titles, "countown");
	assert_string_equal(asked, "");
	overrides_clear();
}

static void
test_memory_short(void **state)
{
	const struct endpoint	*row = route_endpoint(&all_items__route,
				    VERB_GET);
	const char		*outcome;
	unsigned		 n;

	(void)state;
	for (n = 1; n < 100; n++) {
		answer_begin(row);
		request.route = &all_items__route;
		request.path = "/items";
		request.query = "limit=3&cursor=";
		request.faults.countdown[FAULT_ALLOC] = n;
		outcome = request_run(row->handler);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 2, 90);
	assert_string_equal(outcome, "ok");
}

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_a_page),
		TEST(test_starts),
		TEST(test_an_order_that_is_none),
		TEST(test_what_is_given_wins),
		TEST(test_the_first_filter_that_is_given),
		TEST(test_there_and_back),
		TEST(test_there_and_back_descending),
		TEST(test_an_empty_page),
		TEST(test_one_way),
		TEST(test_keys),
		TEST(test_until),
		TEST(test_an_override),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("list", tests, configure, NULL));
}
