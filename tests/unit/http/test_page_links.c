/* SPDX-License-Identifier: ISC */
/* The Link header of a page. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/http/page.c src/http/respond.c src/base/jsonw.c */
/* sources: src/http/conditional.c src/http/query.c */
/* sources: src/http/routes.c src/schema/validator.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/endpoint.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c src/wire/wire_head.c */
/* sources: src/wire/wire_target.c */
/* defines: -DFAULTS -no-pie -Wl,--unresolved-symbols=ignore-all */

#include "page_fixture.h"

static int64_t	total;

static void
answer_page(struct ctx *c)
{
	page_links(c, page_read(c), total);
}

/* The Link header for a query and a number of rows; "" if there is none. */
static const char *
links(const char *query, int64_t rows)
{
	const char	*outcome, *link;

	total = rows;
	outcome = page_run(VERB_GET, query, answer_page, 0);
	if (outcome != told)
		return (outcome);
	link = answer_header("link");
	return (link != NULL ? link : "");
}

#define NEXT(target)	"<" target ">; rel=\"next\""
#define PREV(target)	"<" target ">; rel=\"prev\""

static void
test_page_count(void **state)
{
	struct page	 p = { .limit = 20 };

	(void)state;
	assert_int_equal(page_count(&p, 0), 0);
	assert_int_equal(page_count(&p, 1), 1);
	assert_int_equal(page_count(&p, 19), 1);
	assert_int_equal(page_count(&p, 20), 1);
	assert_int_equal(page_count(&p, 21), 2);
	assert_int_equal(page_count(&p, 40), 2);
	assert_int_equal(page_count(&p, 41), 3);
	p.limit = 1;
	assert_int_equal(page_count(&p, 0), 0);
	assert_int_equal(page_count(&p, 7), 7);
	assert_int_equal(page_count(&p, 1000000000000), 1000000000000);
}

static void
test_pages(void **state)
{
	(void)state;
	assert_string_equal(links("", 0), "");
	assert_string_equal(links("", 20), "");
	assert_string_equal(links("", 21), NEXT("/items?page=2"));
	assert_string_equal(links("page=1", 21), NEXT("/items?page=2"));
	assert_string_equal(links("page=2", 21), PREV("/items?page=1"));
	assert_string_equal(links("page=2", 40), PREV("/items?page=1"));
	assert_string_equal(links("page=2", 41),
	    NEXT("/items?page=3") ", " PREV("/items?page=1"));
	assert_string_equal(links("page=2&limit=1", 3),
	    NEXT("/items?page=3&limit=1") ", "
	    PREV("/items?page=1&limit=1"));
	assert_string_equal(links("limit=1&page=2", 2),
	    PREV("/items?page=1&limit=1"));
	assert_string_equal(links("limit=100", 100), "");
	assert_string_equal(links("limit=100", 101),
	    NEXT("/items?page=2&limit=100"));
}

/* Beyond the last page, the previous page is the last. */
static void
test_beyond(void **state)
{
	(void)state;
	assert_string_equal(links("page=3", 40), PREV("/items?page=2"));
	assert_string_equal(links("page=9", 40), PREV("/items?page=2"));
	assert_string_equal(links("page=9", 1), PREV("/items?page=1"));
	assert_string_equal(links("page=999999999&limit=100", 101),
	    PREV("/items?page=2&limit=100"));
	assert_string_equal(links("page=9", 0), "");
}

static void
test_skips(void **state)
{
	(void)state;
	assert_string_equal(links("skip=0", 0), "");
	assert_string_equal(links("skip=0", 20), "");
	assert_string_equal(links("skip=0", 21), NEXT("/items?skip=20"));
	assert_string_equal(links("skip=20", 40), PREV("/items?skip=0"));
	assert_string_equal(links("skip=20&limit=5", 40),
	    NEXT("/items?skip=25&limit=5") ", "
	    PREV("/items?skip=15&limit=5"));
	/* Not a multiple of limit: the same steps, but not below 0. */
	assert_string_equal(links("skip=1", 21), PREV("/items?skip=0"));
	assert_string_equal(links("skip=1", 22),
	    NEXT("/items?skip=21") ", " PREV("/items?skip=0"));
	assert_string_equal(links("skip=100&limit=10", 5),
	    PREV("/items?skip=0&limit=10"));
	assert_string_equal(links("skip=100&limit=10", 25),
	    PREV("/items?skip=20&limit=10"));
	assert_string_equal(links("skip=100", 0), "");
	assert_string_equal(links("skip=21", 100),
	    NEXT("/items?skip=41") ", " PREV("/items?skip=1"));
}

/* Other parameters are kept and encoded. */
static void
test_filters(void **state)
{
	(void)state;
	assert_string_equal(links("q=ada&page=2", 60),
	    NEXT("/items?page=3&q=ada") ", " PREV("/items?page=1&q=ada"));
	assert_string_equal(links("q=a%20b", 21),
	    NEXT("/items?page=2&q=a%20b"));
	assert_string_equal(links("q=a+b", 21),
	    NEXT("/items?page=2&q=a%20b"));
	assert_string_equal(links("q=%26page%3D9%23", 21),
	    NEXT("/items?page=2&q=%26page%3D9%23"));
	assert_string_equal(links("q=J%c3%bcrgen", 21),
	    NEXT("/items?page=2&q=J%C3%BCrgen"));
	assert_string_equal(links("q=%3E%3B%22%2C%3C%25%2B", 21),
	    NEXT("/items?page=2&q=%3E%3B%22%2C%3C%25%2B"));
	/* A line break could end the header. */
	assert_string_equal(links("q=%0D%0Ax%3A1", 21),
	    NEXT("/items?page=2&q=%0D%0Ax%3A1"));
	assert_string_equal(links("q=az09-._~", 21),
	    NEXT("/items?page=2&q=az09-._~"));
	/* So could one in a name. */
	assert_string_equal(links("%c3%84%26b=1", 21),
	    NEXT("/items?page=2&%C3%84%26b=1"));
}

/* All parameters are in the link, once each. */
static void
test_many_filters(void **state)
{
	char		 query[200];
	const char	*link;

	(void)state;
	link = links("q=1&sort=-name&limit=5&skip=5", 7);
	assert_non_null(strstr(link, "<" "/items?skip=0&"));
	assert_non_null(strstr(link, "&q=1"));
	assert_non_null(strstr(link, "&sort=-name"));
	assert_non_null(strstr(link, "&limit=5"));
	assert_null(strstr(link, "skip=5"));
	assert_int_equal(strlen(link),
	    strlen(PREV("/items?skip=0&limit=5&sort=-name&q=1")));

	/* The linked page links back. */
	snprintf(query, sizeof(query), "%.*s", (int)(strchr(link, '>') -
	    strchr(link, '?')) - 1, strchr(link, '?') + 1);
	link = links(query, 7);
	assert_non_null(strstr(link, "/items?skip=5&"));
	assert_non_null(strstr(link, "rel=\"next\""));
	assert_non_null(strstr(link, "&q=1"));
}

static char	cursor[2048];
static bool	has_next, has_prev;

static void
answer_cursor(struct ctx *c)
{
	snprintf(cursor, sizeof(cursor), "%s", page_cursor(c, page_read(c),
	    false, "17", "a"));
	page_cursor_links(c, has_next ? cursor : NULL,
	    has_prev ? "before" : NULL);
}

static void
assert_cursor_link(const char *query, const char *rest)
{
	char	expect[2200];

	has_next = true;
	has_prev = false;
	assert_ptr_equal(page_run(VERB_GET, query, answer_cursor, 0), told);
	snprintf(expect, sizeof(expect), "</items?cursor=%s%s>; rel=\"next\"",
	    cursor, rest);
	assert_header("link", expect);
}

static void
test_cursors(void **state)
{
	char	first[2048], query[4096];

	(void)state;
	assert_cursor_link("cursor=", "");
	assert_cursor_link("q=a%20b&cursor=", "&q=a%20b");
	assert_cursor_link("cursor=&sort=-name", "&sort=-name");
	/* The next cursor replaces the last. */
	strcpy(first, cursor);
	snprintf(query, sizeof(query), "cursor=%s&limit=3", first);
	assert_cursor_link(query, "&limit=3");
	assert_string_equal(first, cursor);	/* of the same row */
	assert_cursor_link("cursor=", "");
	assert_string_not_equal(first, cursor);
}

static void
test_both_ways(void **state)
{
	char	expect[2200];

	(void)state;
	has_next = has_prev = true;
	assert_ptr_equal(page_run(VERB_GET, "cursor=&q=x", answer_cursor, 0),
	    told);
	snprintf(expect, sizeof(expect), "</items?cursor=%s&q=x>; "
	    "rel=\"next\", " PREV("/items?cursor=before&q=x"), cursor);
	assert_header("link", expect);
	has_next = false;
	assert_ptr_equal(page_run(VERB_GET, "cursor=", answer_cursor, 0),
	    told);
	assert_header("link", PREV("/items?cursor=before"));
	has_prev = false;
	assert_ptr_equal(page_run(VERB_GET, "cursor=", answer_cursor, 0),
	    told);
	assert_header("link", NULL);
}

static void
test_memory_short(void **state)
{
	const char	*outcome;
	unsigned	 n;

	(void)state;
	total = 500;
	for (n = 1; n < 100; n++) {
		outcome = page_run(VERB_GET, "page=2&q=%20&sort=name",
		    answer_page, n);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 2, 50);
	assert_ptr_equal(outcome, told);
	assert_non_null(answer_header("link"));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_page_count),
		TEST(test_pages),
		TEST(test_beyond),
		TEST(test_skips),
		TEST(test_filters),
		TEST(test_many_filters),
		TEST(test_cursors),
		TEST(test_both_ways),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("page links", tests, configure,
	    NULL));
}
