/* SPDX-License-Identifier: ISC */
/* Query strings: what is read, and what is refused. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/http/query.c src/http/routes.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: src/request/endpoint.c tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c src/utils/timefmt.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "request/request_fixture.h"

#include "fakes/kore_fake.h"
#include "http/routes.h"

static const struct schema	thing_schema;

static void
handler(struct ctx *c)
{
	(void)c;
}

ROUTER(tests, "Of a test.");

ROUTE(items, GET(handler, .out_cursor = &thing_schema), POST(handler),
    PATCH(handler), DELETE(handler));
ROUTE(rest);

/* Sets up what kore.conf would say. */
static int
configure(void **state)
{
	struct kore_validator		*number, *two, *sort, *yes, *any;
	struct kore_module_handle	*h;
	const char			*problem;

	(void)state;
	number = fake_validator("number", "^[0-9]{1,3}$", NULL);
	two = fake_validator("two", "^[äöü€]{2}$", NULL);
	sort = fake_validator("sort", "^(name|-name)$", NULL);
	yes = fake_validator("yes", "^(true|false|True|0)$", NULL);
	any = fake_validator("any", "^.{0,9}$", NULL);
	h = fake_route("/items", "items", &items__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "limit",
	    number);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "two", two);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "sort", sort);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "is_active",
	    yes);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "cursor",
	    any);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "since",
	    fake_validator("long", "^.{1,60}$", NULL));
	fake_param(h, HTTP_METHOD_DELETE, KORE_PARAMS_QUERY_STRING, "force",
	    number);
	fake_param(h, HTTP_METHOD_POST, 0, "in_the_body", number);
	fake_param(h, HTTP_METHOD_PATCH, KORE_PARAMS_QUERY_STRING, "limit",
	    two);
	fake_route("^.*$", "rest", &rest__route);
	if ((problem = routes_init(NULL)) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* Like app.c: reads everything first, then raises. */
static bool	read_on;

static void
read_query(struct ctx *c)
{
	read_on = false;
	query_read(c);
	read_on = true;
	raise_validation(c);
}

/* Reads a query for the first row of that method; returns the outcome. */
static const char *
query(enum http_verb verb, const char *text)
{
	const struct endpoint	*row = route_endpoint(&items__route, verb);

	request_begin();
	request.route = &items__route;
	request.endpoint = row;
	request.query = text;
	return (request_run(read_query));
}

static const char *
get(const char *text)
{
	return (query(VERB_GET, text));
}

static void
assert_param(const char *name, const char *value)
{
	const char	*is = query_param(&request, name);

	if (value == NULL) {
		assert_null(is);
		return;
	}
	assert_non_null(is);
	assert_string_equal(is, value);
}

static void
test_query(void **state)
{
	(void)state;
	assert_string_equal(get(""), "ok");
	assert_param("limit", NULL);
	assert_string_equal(get("limit=10"), "ok");
	assert_param("limit", "10");
	assert_param("sort", NULL);
	assert_param("other", NULL);
	assert_string_equal(get("sort=-name&limit=7&two=%c3%a4%E2%82%AC"),
	    "ok");
	assert_param("limit", "7");
	assert_param("sort", "-name");
	assert_param("two", "ä€");
	assert_string_equal(get("&&limit=10&"), "ok");
	assert_string_equal(get("&"), "ok");
	assert_string_equal(get("l%69mit=%31"), "ok");
	assert_param("limit", "1");
	assert_string_equal(get("two=äö"), "ok");
	assert_param("two", "äö");
}

#define WRONG	"422 VALIDATION_ERROR"

static void
test_query_unknown(void **state)
{
	char	long_name[400], expect[200];

	(void)state;
	assert_string_equal(get("other=1"), WRONG " query.other:unknown_field");
	assert_string_equal(request_detail(0),
	    "Is not a parameter of this operation");
	assert_string_equal(get("other"), WRONG " query.other:unknown_field");
	assert_string_equal(get("=1"), WRONG " query.:unknown_field");
	assert_string_equal(get("LIMIT=1"), WRONG " query.LIMIT:unknown_field");
	assert_string_equal(get("limit =1"),
	    WRONG " query.limit :unknown_field");
	assert_string_equal(get("other=1&limit=2&other=3"), WRONG
	    " query.other:unknown_field query.other:unknown_field");

	/* A name may be of any length; an error repeats 100 bytes of it. */
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	snprintf(expect, sizeof(expect), WRONG " query.%.100s:unknown_field",
	    long_name);
	assert_string_equal(get(long_name), expect);
}

/* Parameters belong to one method, and only those of the query count. */
static void
test_query_of_another_method(void **state)
{
	(void)state;
	assert_string_equal(query(VERB_DELETE, "force=1"), "ok");
	assert_string_equal(get("force=1"), WRONG " query.force:unknown_field");
	assert_string_equal(query(VERB_POST, "limit=1"),
	    WRONG " query.limit:unknown_field");
	assert_string_equal(query(VERB_POST, "in_the_body=1"),
	    WRONG " query.in_the_body:unknown_field");
	assert_string_equal(query(VERB_PATCH, "limit=ää"), "ok");
	assert_string_equal(query(VERB_PATCH, "limit=1"),
	    WRONG " query.limit:invalid_format");
}

static void
test_query_repeated(void **state)
{
	(void)state;
	assert_string_equal(get("limit=1&limit=1"),
	    WRONG " query.limit:duplicate_field");
	assert_string_equal(request_detail(0), "Is given more than once");
	assert_string_equal(get("limit=1&sort=name&%6c%69mit=2"),
	    WRONG " query.limit:duplicate_field");
	assert_string_equal(get("limit=x&limit=1&limit=2"), WRONG
	    " query.limit:invalid_format query.limit:duplicate_field"
	    " query.limit:duplicate_field");
	assert_string_equal(get("cursor&cursor="),
	    WRONG " query.cursor:duplicate_field");
}

static void
test_query_values(void **state)
{
	(void)state;
	assert_string_equal(get("limit=1000"),
	    WRONG " query.limit:out_of_range");
	assert_string_equal(request_detail(0),
	    "Must be a number from 0 to 999");
	assert_param("limit", NULL);
	assert_string_equal(get("limit=+1"),
	    WRONG " query.limit:invalid_format");
	assert_string_equal(get("limit=1=1"),
	    WRONG " query.limit:invalid_format");
	assert_string_equal(get("two=ä"), WRONG " query.two:invalid_format");
	assert_string_equal(get("two=ääö"), WRONG " query.two:invalid_format");
	assert_string_equal(get("two=%C3%A4%c3"),
	    WRONG " query:invalid_format");
	assert_string_equal(get("two=%C3%A4%C3%AB"),
	    WRONG " query.two:invalid_format");
	assert_string_equal(get("sort=up"), WRONG " query.sort:not_allowed");
	assert_string_equal(get("limit=x&what=1&sort=up"), WRONG
	    " query.limit:invalid_format query.what:unknown_field"
	    " query.sort:not_allowed");
	assert_true(read_on);
}

/* An empty field of a form is no filter, unless empty has a meaning. */
static void
test_query_empty(void **state)
{
	(void)state;
	assert_string_equal(get("limit=&two&sort=&is_active="), "ok");
	assert_param("limit", NULL);
	assert_param("two", NULL);
	assert_param("sort", NULL);
	assert_param("is_active", NULL);
	assert_null(request.query_values);	/* for the Link header */
	assert_string_equal(get("limit=&limit=3&limit="), "ok");
	assert_param("limit", "3");
	assert_string_equal(get("cursor="), "ok");
	assert_param("cursor", "");
	assert_string_equal(get("cursor"), "ok");
	assert_param("cursor", "");
	assert_string_equal(get("other="), WRONG " query.other:unknown_field");
}

/* There it may mean more than nothing: "?except=" spares no session. */
static void
test_query_empty_elsewhere(void **state)
{
	(void)state;
	assert_string_equal(query(VERB_DELETE, "force="),
	    WRONG " query.force:invalid_format");
	assert_string_equal(query(VERB_PATCH, "limit"),
	    WRONG " query.limit:invalid_format");
}

static void
test_query_booleans(void **state)
{
	(void)state;
	assert_string_equal(get("is_active=True"), "ok");
	assert_param("is_active", "true");
	assert_string_equal(get("is_active=true"), "ok");
	assert_param("is_active", "true");
	assert_string_equal(get("is_active=0"), "ok");
	assert_param("is_active", "false");
	assert_string_equal(get("is_active=1"),
	    WRONG " query.is_active:not_allowed");
	assert_string_equal(request_detail(0),
	    "Must be one of: true, false, True, 0");
}

/* The name that this operation has, of a name that another API has. */
static void
test_query_synonyms(void **state)
{
	static const struct {
		const char	*sent, *meant;
	} rows[] = {
		{ "page_size=1", "limit" }, { "pageSize=1", "limit" },
		{ "page-size=1", "limit" }, { "per_page=1", "limit" },
		{ "page[size]=1", "limit" }, { "size", "limit" },
		{ "LIMIT=1", "limit" }, { "limit =1", "limit" },
		{ "isActive=1", "is_active" }, { "active=1", "is_active" },
		{ "ordering=name", "sort" }, { "order_by=name", "sort" },
		{ "sortBy=name", "sort" }, { "after=x", "cursor" },
		{ "offset=1", NULL }, { "search=x", NULL }, { "lim=1", NULL },
		{ "FORCE=1", NULL }, { "limits=1", NULL }, { "is=1", NULL },
		{ "-=1", NULL },
	};
	const char	*text;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		get(rows[i].sent);
		text = strchr(request_detail(0), ';');
		if (rows[i].meant == NULL ? text != NULL : text == NULL ||
		    strncmp(text, "; use ", 6) != 0 ||
		    strcmp(text + 6, rows[i].meant) != 0)
			fail_msg("%s: %s", rows[i].sent, request_detail(0));
	}
	query(VERB_PATCH, "page_size=1");
	assert_string_equal(request_detail(0),
	    "Is not a parameter of this operation; use limit");
	query(VERB_DELETE, "page_size=1");
	assert_string_equal(request_detail(0),
	    "Is not a parameter of this operation");
}

static void
test_query_malformed(void **state)
{
	static const char *const	 bad[] = { "%", "limit=%", "limit=%1",
	    "limit=%zz", "limit=%1g", "limit=1%00", "limit=%00", "l%00=1",
	    "limit=%ff", "limit=%c0%b1", "limit=%ed%a0%80", "limit=\x01",
	    "limit=\x7f", "limit=\xff" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_string_equal(get(bad[i]),
		    WRONG " query:invalid_format");
		assert_string_equal(request_detail(0),
		    "Is not a valid query string");
		assert_true(read_on);
	}
	assert_string_equal(get("what=1&limit=%zz&limit=1"),
	    WRONG " query.what:unknown_field query:invalid_format");
}

/* The query's text is not changed: a retried request reads it again. */
static void
test_query_is_not_touched(void **state)
{
	char	text[] = "l%69mit=%31&sort=name";

	(void)state;
	assert_string_equal(get(text), "ok");
	assert_string_equal(text, "l%69mit=%31&sort=name");
}

/* Times */

static const char	*since;

static void
read_time(struct ctx *c)
{
	read_query(c);
	since = (query_time)(c, "since");
}

static const char *
time_of(const char *text)
{
	static char	 query[128];
	const char	*outcome;

	snprintf(query, sizeof(query), "since=%s", text);
	request_begin();
	request.route = &items__route;
	request.endpoint = route_endpoint(&items__route, VERB_GET);
	request.query = query;
	since = NULL;
	outcome = request_run(read_time);
	return (strcmp(outcome, "ok") != 0 ? outcome :
	    since != NULL ? since : "NULL");
}

/* Whatever the offset: in UTC, with six digits, as cursors have it. */
static void
test_query_times(void **state)
{
	static const char *const	 times[][2] = {
		{ "", "NULL" },
		{ "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z" },
		{ "2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z" },
		{ "2026-01-31T12:00:00.1234567Z",
		  "2026-01-31T12:00:00.123456Z" },
		{ "2026-01-31T12:00:00%2B05:30",
		  "2026-01-31T06:30:00.000000Z" },
		{ "2026-01-31T23:30:00-01:00", "2026-02-01T00:30:00.000000Z" },
		{ "2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000000Z" },
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_string_equal(time_of(times[i][0]), times[i][1]);
}

/* A plus sign that is not %2B is a blank. */
static void
test_query_bad_times(void **state)
{
	static const char *const	 bad[] = { "now", "2026-01-31",
	    "2026-01-31T12:00:00", "2026-01-31 12:00:00Z",
	    "2026-01-31T12:00:00+05:30", "2026-02-29T12:00:00Z",
	    "2026-12-31T23:59:60Z", "2026-01-31T24:00:00Z",
	    "2026-01-31T12:00:00Z ", "0001-01-01T00:00:00%2B00:01",
	    "infinity", "0" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_string_equal(time_of(bad[i]),
		    WRONG " query.since:invalid_format");
		assert_string_equal(request_detail(0),
		    "Must be a time of RFC 3339");
	}
}

static void
test_query_memory_short(void **state)
{
	char		 text[9000];
	unsigned	 n;

	(void)state;
	memset(text, '&', sizeof(text));
	strcpy(text + sizeof(text) - 10, "&limit=10");
	for (n = 1; n <= 3; n++) {
		request_begin();
		request.route = &items__route;
		request.endpoint = &items__route.rows[0].endpoint;
		request.query = text;
		request.faults.countdown[FAULT_ALLOC] = n;
		assert_string_equal(request_run(read_query), n <= 2 ?
		    "503 SERVICE_UNAVAILABLE" : "ok");
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_query),
		TEST(test_query_unknown),
		TEST(test_query_of_another_method),
		TEST(test_query_repeated),
		TEST(test_query_values),
		TEST(test_query_empty),
		TEST(test_query_empty_elsewhere),
		TEST(test_query_booleans),
		TEST(test_query_synonyms),
		TEST(test_query_malformed),
		TEST(test_query_is_not_touched),
		TEST(test_query_times),
		TEST(test_query_bad_times),
		TEST(test_query_memory_short),
	};

	return (cmocka_run_group_tests_name("query", tests, configure, NULL));
}
