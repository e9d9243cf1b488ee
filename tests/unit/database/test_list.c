/* SPDX-License-Identifier: ISC */
/* Pages with a total of lists, and the lists' parameters. */

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
	(void)state;
	check_short_memory(&all_items__route, "limit=3&cursor=");
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
		TEST(test_an_override),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("list", tests, configure, NULL));
}
