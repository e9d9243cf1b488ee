/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* sources: src/runtime/query.c src/runtime/routes.c src/runtime/validator.c */
/* sources: src/runtime/ctx.c src/runtime/coro.c src/runtime/arena.c */
/* sources: src/runtime/mem.c src/runtime/faults.c src/runtime/errors.c */
/* sources: src/runtime/endpoint.c tests/unit/runtime/kore_fake.c */
/* defines: -DKEEL_FAULTS -Wl,--unresolved-symbols=ignore-all */

/*
 * Query strings and path groups. Of endpoint.c only endpoint_verb_name() is
 * called: what the rest of it needs of Kore is left unresolved.
 */

#include "request_fixture.h"

#include "kore_fake.h"
#include "runtime/endpoint.h"

#define UUID	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define UPPER	"017F22E2-79B0-7CC3-98C4-DC0C0C07398F"

static void
handler(struct ctx *c)
{
	(void)c;
}

ROUTE(items, GET(handler), POST(handler), PATCH(handler), DELETE(handler));
ROUTE(item, PATH(item_id, T_UUID), GET(handler));
ROUTE(page, PATH(name, T_STR), GET(handler));
ROUTE(part, PATH(item_id, T_UUID), PATH(part, T_STR), PUT(handler));
ROUTE(nothing_of_it);

static int
setup(void **state)
{
	static struct kore_validator	*number, *two, *sort;
	struct kore_module_handle	*h;

	(void)state;
	if (number == NULL) {
		number = fake_validator("number", "^[0-9]{1,3}$", NULL);
		two = fake_validator("two", "^[äöü€]{2}$", NULL);
		sort = fake_validator("sort", "^(name|-name)$", NULL);
	}
	fake_routes_clear();
	items__route.hdlr = item__route.hdlr = page__route.hdlr =
	    part__route.hdlr = nothing_of_it__route.hdlr = NULL;
	h = fake_route("/items", "items", &items__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "limit",
	    number);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "two", two);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "sort", sort);
	fake_param(h, HTTP_METHOD_DELETE, KORE_PARAMS_QUERY_STRING, "force",
	    number);
	fake_param(h, HTTP_METHOD_POST, 0, "in_the_body", number);
	fake_param(h, HTTP_METHOD_PATCH, KORE_PARAMS_QUERY_STRING, "limit",
	    two);
	request_begin();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	request_end();
	return (arena_count() == 0 && coro_count() == 0 ? 0 : -1);
}

static void
bound(void)
{
	const char	*problem = routes_init();

	if (problem != NULL)
		fail_msg("%s", problem);
}

/* What reading a query gives, for the first row of that method. */
static const char *
query(enum http_verb verb, const char *text)
{
	const struct endpoint	*row = items__route.rows;

	if (items__route.hdlr == NULL)
		bound();
	request_begin();
	while (row->verb != verb)
		row++;
	request.route = &items__route;
	request.endpoint = row;
	request.query = text;
	return (request_run(query_read));
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

	/* A name of any length, of which an error repeats 100 bytes. */
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	snprintf(expect, sizeof(expect), WRONG " query.%.100s:unknown_field",
	    long_name);
	assert_string_equal(get(long_name), expect);
}

/* Parameters belong to a method, and only those of the query count. */
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
	assert_string_equal(get("limit=1&sort=name&%6c%69mit=2"),
	    WRONG " query.limit:duplicate_field");
	assert_string_equal(get("limit=x&limit=1&limit=2"), WRONG
	    " query.limit:invalid_format query.limit:duplicate_field"
	    " query.limit:duplicate_field");
	assert_string_equal(get("limit&limit"), WRONG
	    " query.limit:invalid_format query.limit:duplicate_field");
}

static void
test_query_values(void **state)
{
	(void)state;
	assert_string_equal(get("limit=1000"),
	    WRONG " query.limit:invalid_format");
	assert_string_equal(request_detail(0), "Must match ^[0-9]{1,3}$");
	assert_string_equal(get("limit="), WRONG " query.limit:invalid_format");
	assert_string_equal(get("limit"), WRONG " query.limit:invalid_format");
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
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_string_equal(get(bad[i]),
		    WRONG " query:invalid_format");
	assert_string_equal(get("what=1&limit=%zz&limit=1"),
	    WRONG " query.what:unknown_field query:invalid_format");
}

/* The request's text stays as it came: it is read again when it is retried. */
static void
test_query_is_not_touched(void **state)
{
	char	text[] = "l%69mit=%31&sort=name";

	(void)state;
	assert_string_equal(get(text), "ok");
	assert_string_equal(text, "l%69mit=%31&sort=name");
}

static void
test_query_memory_short(void **state)
{
	char	header[16], text[9000];

	(void)state;
	bound();
	memset(text, '&', sizeof(text));
	strcpy(text + sizeof(text) - 10, "&limit=10");
	for (int n = 1; n <= 3; n++) {
		request_begin();
		request.route = &items__route;
		request.endpoint = items__route.rows;
		request.query = text;
		snprintf(header, sizeof(header), "alloc=%d", n);
		faults_parse(&request.faults, header);
		assert_string_equal(request_run(query_read), n <= 2 ?
		    "503 SERVICE_UNAVAILABLE" : "ok");
	}
}

static void
read_path(struct ctx *c)
{
	c->endpoint = NULL;
	path_read(c);
}

static const char *
path(struct route *r, const char *text)
{
	if (r->hdlr == NULL) {
		fake_route("^/items/([^/]+)$", "item", &item__route);
		fake_route("^/pages/([^/]*)$", "page", &page__route);
		fake_route("^/items/([^/]+)/parts/([^/]+)$", "part",
		    &part__route);
		bound();
	}
	request_begin();
	request.route = r;
	request.path = text;
	return (request_run(read_path));
}

static void
assert_path(const char *name, const char *value)
{
	const char	*is = path_param(&request, name);

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
	assert_null(path_param(&request, "other"));
	assert_string_equal(path(&item__route, "/items/" UPPER), "ok");
	assert_path("item_id", UUID);
	assert_string_equal(path(&item__route, "/items/%30" "17f22e2%2d79b0"
	    "-7cc3-98c4-dc0c0c07398%46"), "ok");
	assert_path("item_id", UUID);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "/items/%s", bad[i]);
		assert_string_equal(path(&item__route, text),
		    WRONG " path.item_id:invalid_format");
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
	assert_null(path_param(&request, "item_id"));
}

/* What does not fit stops the start, and says which line it is. */
static void
assert_unfit(const char *conf_path, const char *func, struct route *r,
    const char *what)
{
	char	expect[300];

	fake_routes_clear();
	if (r != NULL)
		r->hdlr = NULL;
	fake_route(conf_path, func, r);
	snprintf(expect, sizeof(expect), "kore.conf: the route %s %s %s",
	    conf_path, func, what);
	assert_non_null(routes_init());
	items__route.hdlr = item__route.hdlr = NULL;
	assert_string_equal(routes_init(), expect);
	if (r != NULL)
		r->hdlr = NULL;
}

static void
test_routes_that_do_not_fit(void **state)
{
	static const char	 number[] = "has another number of PATH rows "
				    "than kore.conf's path has groups";
	struct kore_module_handle	*h;

	(void)state;
	assert_unfit("/other", "other", NULL, "has no ROUTE in C");
	assert_unfit("/items/x", "item", &item__route,
	    "has PATH rows, but kore.conf's path has no groups");
	assert_unfit("^/items/([^/]+)/([^/]+)$", "item", &item__route, number);
	assert_unfit("^/items/[^/]+$", "item", &item__route, number);
	assert_unfit("^/items/([^/]+)$", "items", &items__route, number);
	assert_unfit("^/items/([^/]+$", "item", &item__route,
	    "has a path that does not compile");

	fake_routes_clear();
	item__route.hdlr = NULL;
	fake_route("^/a/([^/]+)$", "item", &item__route);
	fake_route("^/b/([^/]+)$", "item", &item__route);
	assert_string_equal(routes_init(), "kore.conf: the route ^/b/([^/]+)$ "
	    "item stands in kore.conf twice");

	fake_routes_clear();
	items__route.hdlr = NULL;
	h = fake_route("/items", "items", &items__route);
	fake_param(h, HTTP_METHOD_GET, KORE_PARAMS_QUERY_STRING, "a",
	    fake_validator("broken", "^(", NULL));
	assert_string_equal(routes_init(), "kore.conf: the route /items items "
	    "names a validator that does not compile");
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
	fake_route("^/items/([^/]+)$", "item", &item__route);
	fake_route("^.*$", "nothing_of_it", &nothing_of_it__route);
	bound();
	assert_string_equal(items__route.allow,
	    "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
	assert_string_equal(item__route.allow, "GET, HEAD, OPTIONS");
	assert_string_equal(nothing_of_it__route.allow, "OPTIONS");
	routes_walk(note_row);
	assert_string_equal(walked, "GET /items;POST /items;PATCH /items;"
	    "DELETE /items;GET ^/items/([^/]+)$;");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_query),
		TEST(test_query_unknown),
		TEST(test_query_of_another_method),
		TEST(test_query_repeated),
		TEST(test_query_values),
		TEST(test_query_malformed),
		TEST(test_query_is_not_touched),
		TEST(test_query_memory_short),
		TEST(test_path_uuid),
		TEST(test_path_text),
		TEST(test_path_groups),
		TEST(test_routes_that_do_not_fit),
		TEST(test_allow_and_walk),
	};

	return (cmocka_run_group_tests_name("query", tests, NULL, NULL));
}
