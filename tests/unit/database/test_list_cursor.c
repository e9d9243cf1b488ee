/* SPDX-License-Identifier: ISC */
/* Pages by cursor of lists. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
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

#include "list_fixture.h"

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

int
main(void)
{
#define TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_there_and_back),
		TEST(test_there_and_back_descending),
		TEST(test_an_empty_page),
		TEST(test_one_way),
		TEST(test_keys),
		TEST(test_until),
	};

	return (cmocka_run_group_tests_name("list_cursor", tests, configure,
	    NULL));
}
