/* SPDX-License-Identifier: ISC */
/* Which page a query asks for; test_page_links.c tests the Link header. */

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

static void
tell_page(struct ctx *c)
{
	const struct page	*p = page_read(c);

	snprintf(told, sizeof(told), "page %" PRId64 " skip %" PRId64
	    " limit %" PRId64 " %s%s%s%s%s%s%s", p->number, p->skip, p->limit,
	    p->sort, p->by_skip ? " by skip" : "",
	    p->by_cursor ? " by cursor" : "",
	    p->after_id == NULL ? "" : p->back ? " before " : " after ",
	    p->after_id != NULL ? p->after_id : "",
	    p->after_key != NULL ? " at " : "",
	    p->after_key != NULL ? p->after_key : "");
}

static const char *
get(const char *query)
{
	return (page_run(VERB_GET, query, tell_page, 0));
}

static void
test_pages(void **state)
{
	(void)state;
	assert_string_equal(get(""), "page 1 skip 0 limit 20 created_at");
	assert_string_equal(get("page=1"),
	    "page 1 skip 0 limit 20 created_at");
	assert_string_equal(get("page=3"),
	    "page 3 skip 40 limit 20 created_at");
	assert_string_equal(get("limit=1"),
	    "page 1 skip 0 limit 1 created_at");
	assert_string_equal(get("limit=100&page=7"),
	    "page 7 skip 600 limit 100 created_at");
	assert_string_equal(get("page=999999999&limit=100"),
	    "page 999999999 skip 99999999800 limit 100 created_at");
	assert_string_equal(get("sort=-name&page=2&q=x"),
	    "page 2 skip 20 limit 20 -name");
}

static void
test_skips(void **state)
{
	(void)state;
	assert_string_equal(get("skip=0"),
	    "page 1 skip 0 limit 20 created_at by skip");
	assert_string_equal(get("skip=40"),
	    "page 3 skip 40 limit 20 created_at by skip");
	assert_string_equal(get("skip=40&limit=10&sort=name"),
	    "page 5 skip 40 limit 10 name by skip");
	/* Not a multiple of limit: the page that contains the first row. */
	assert_string_equal(get("skip=1"),
	    "page 1 skip 1 limit 20 created_at by skip");
	assert_string_equal(get("skip=19"),
	    "page 1 skip 19 limit 20 created_at by skip");
	assert_string_equal(get("skip=21&limit=10"),
	    "page 3 skip 21 limit 10 created_at by skip");
}

static void
test_contradictions(void **state)
{
	(void)state;
	assert_string_equal(get("page=2&skip=20"),
	    WRONG " query.skip:not_allowed");
	assert_string_equal(request_detail(0),
	    "Cannot be given together with page");
	assert_string_equal(get("skip=0&page=1"),
	    WRONG " query.skip:not_allowed");
	assert_string_equal(get("cursor=&page=1"),
	    WRONG " query.page:not_allowed");
	assert_string_equal(request_detail(0),
	    "Cannot be given together with cursor");
	assert_string_equal(get("skip=0&cursor=x"),
	    WRONG " query.skip:not_allowed");
	assert_string_equal(get("skip=0&cursor=&page=1"),
	    WRONG " query.page:not_allowed query.skip:not_allowed");
}

/* page.c checks values itself, even without rules in kore.conf. */
static void
test_guards(void **state)
{
	static const char *const	 bad[] = { "", "x", "-1", "1x", "1 ",
	    "1.5", "1e3", "9223372036854775807", "9223372036854775808",
	    "-9223372036854775809", "1000000000001", "%C3%A4" };
	static const char *const	 names[] = { "page", "skip", "limit" };
	char				 query[64], expect[64];
	size_t				 i, j;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (j = 0; j < 3; j++) {
			snprintf(query, sizeof(query), "%s=%s", names[j],
			    bad[i]);
			snprintf(expect, sizeof(expect),
			    WRONG " query.%s:out_of_range", names[j]);
			assert_string_equal(page_run(VERB_DELETE, query,
			    tell_page, 0), expect);
		}
	}
	assert_string_equal(page_run(VERB_DELETE, "page=0&limit=0&skip=-1",
	    tell_page, 0), WRONG " query.limit:out_of_range"
	    " query.page:out_of_range query.skip:out_of_range"
	    " query.skip:not_allowed");
	assert_string_equal(request_detail(0),
	    "Must be a number from 1 to 1000");
	assert_string_equal(request_detail(1),
	    "Must be a number from 1 to 1000000000000");
	assert_string_equal(request_detail(2),
	    "Must be a number from 0 to 1000000000000");
	assert_string_equal(page_run(VERB_DELETE, "limit=1001", tell_page,
	    0), WRONG " query.limit:out_of_range");
	assert_string_equal(page_run(VERB_DELETE,
	    "limit=1000&page=1000000000000", tell_page, 0), "page "
	    "1000000000000 skip 999999999999000 limit 1000 created_at");
	assert_string_equal(page_run(VERB_DELETE,
	    "limit=1&skip=1000000000000", tell_page, 0), "page 1000000000001 "
	    "skip 1000000000000 limit 1 created_at by skip");
}

static char	cursor[2048];
static char	last_id[64], last_key[CURSOR_TEXT_MAX + 64];
static bool	is_null, is_back;

static void
make_cursor(struct ctx *c)
{
	snprintf(cursor, sizeof(cursor), "%s",
	    page_cursor(c, page_read(c), is_back, last_id,
	    is_null ? NULL : last_key));
}

/* The next query, with the cursor from this one. */
static const char *
next_query(enum http_verb verb, const char *query, const char *id,
    const char *key, const char *more)
{
	static char	 text[4096];
	const char	*outcome;

	snprintf(last_id, sizeof(last_id), "%s", id);
	is_null = key == NULL;
	snprintf(last_key, sizeof(last_key), "%s", is_null ? "" : key);
	outcome = page_run(verb, query, make_cursor, 0);
	if (outcome != told)
		fail_msg("%s", outcome);
	snprintf(text, sizeof(text), "cursor=%s%s", cursor, more);
	return (text);
}

#define NEXT(query, id, key, more)					\
	get(next_query(VERB_GET, query, id, key, more))
#define FOREIGN	"400 INVALID_CURSOR"

static void
test_cursors(void **state)
{
	(void)state;
	assert_string_equal(get("cursor="),
	    "page 1 skip 0 limit 20 created_at by cursor");
	assert_string_equal(get("cursor=&sort=-name&limit=5"),
	    "page 1 skip 0 limit 5 -name by cursor");
	assert_string_equal(NEXT("cursor=", "17", "2026", ""), "page 1 skip 0 "
	    "limit 20 created_at by cursor after 17 at 2026");
	/* The cursor contains the sort; the limit may change. */
	assert_string_equal(NEXT("cursor=&sort=-name&limit=5", "17", "Ä b",
	    ""), "page 1 skip 0 limit 20 -name by cursor after 17 at Ä b");
	assert_string_equal(NEXT("cursor=&sort=-name", "17", "a",
	    "&sort=-name&limit=5"), "page 1 skip 0 limit 5 -name by cursor "
	    "after 17 at a");
	assert_string_equal(NEXT("cursor=", "17", "2026", "&sort=created_at"),
	    "page 1 skip 0 limit 20 created_at by cursor after 17 at 2026");
	assert_string_equal(NEXT("cursor=", "", "", ""), "page 1 skip 0 "
	    "limit 20 created_at by cursor after  at ");
	/* A key may contain anything, even the separator. */
	assert_string_equal(NEXT("cursor=", "17", "a\x1f" "b\x1f", ""),
	    "page 1 skip 0 limit 20 created_at by cursor after 17 at "
	    "a\x1f" "b\x1f");
}

static void
test_cursors_of_another_list(void **state)
{
	static const char *const	 bad[] = { "x", "AAAA", "%20", "0",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	char				 query[100];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(query, sizeof(query), "cursor=%s", bad[i]);
		assert_string_equal(get(query), FOREIGN);
		assert_string_equal(request.error.message,
		    "The cursor is not one of this list");
	}
	assert_string_equal(get(next_query(VERB_POST, "cursor=", "17", "a",
	    "")), FOREIGN);
	assert_string_equal(request.error.message,
	    "The cursor is not one of this list");
	assert_string_equal(page_run(VERB_POST, next_query(VERB_POST,
	    "cursor=", "17", "a", ""), tell_page, 0), "page 1 skip 0 limit 20 "
	    "created_at by cursor after 17 at a");
	assert_string_equal(NEXT("cursor=", "17", "a", "&sort=name"),
	    FOREIGN);
	assert_string_equal(request.error.message,
	    "The cursor is of a list sorted by created_at");
	assert_string_equal(NEXT("cursor=&sort=name", "17", "a",
	    "&sort=-name"), FOREIGN);
	assert_string_equal(NEXT("cursor=", "17", "a", "A"), FOREIGN);
	/* Contradictions are reported first. */
	assert_string_equal(NEXT("cursor=", "17", "a", "A&page=1"),
	    WRONG " query.page:not_allowed");
}

/* A key that is too long for a cursor, and the longest that fits. */
static void
test_long_keys(void **state)
{
	char	key[CURSOR_TEXT_MAX + 64];
	size_t	room = CURSOR_TEXT_MAX -
		    sizeof("created_at" "\x1f" "17" "\x1f");

	(void)state;
	memset(key, 'k', sizeof(key));
	key[room] = '\0';
	assert_non_null(strstr(NEXT("cursor=", "17", key, ""), key));
	assert_true(strlen(cursor) < 2000);
	key[room] = 'k';
	key[room + 1] = '\0';
	strcpy(last_key, key);
	assert_string_equal(page_run(VERB_GET, "cursor=", make_cursor, 0),
	    "503 SERVICE_UNAVAILABLE");
}

static void
test_memory_short(void **state)
{
	char		 query[4096];
	const char	*outcome;
	unsigned	 n;

	(void)state;
	strcpy(query, next_query(VERB_GET, "cursor=", "17", "a",
	    "&limit=3&sort=created_at"));
	for (n = 1; n < 100; n++) {
		outcome = page_run(VERB_GET, query, tell_page, n);
		if (request.faults.countdown[FAULT_ALLOC] > 0)
			break;
		assert_string_equal(outcome, "503 SERVICE_UNAVAILABLE");
	}
	assert_in_range(n, 2, 50);
	assert_string_equal(outcome, "page 1 skip 0 limit 3 created_at by "
	    "cursor after 17 at a");
}

/* Cursors of what is before a row, of a NULL key, and of the ends. */
static void
test_kinds_of_cursors(void **state)
{
	(void)state;
	is_back = true;
	assert_string_equal(NEXT("cursor=&sort=-name", "17", "a", ""),
	    "page 1 skip 0 limit 20 -name by cursor before 17 at a");
	assert_string_equal(NEXT("cursor=", "17", NULL, "&sort=created_at"),
	    "page 1 skip 0 limit 20 created_at by cursor before 17");
	assert_string_equal(NEXT("cursor=", "17", "a", "&sort=name"),
	    FOREIGN);
	assert_string_equal(request.error.message,
	    "The cursor is of a list sorted by created_at");
	is_back = false;
	assert_string_equal(NEXT("cursor=", "17", NULL, ""),
	    "page 1 skip 0 limit 20 created_at by cursor after 17");
	assert_string_equal(NEXT("cursor=", "17", "<~", ""),
	    "page 1 skip 0 limit 20 created_at by cursor after 17 at <~");
	assert_string_equal(NEXT("cursor=", "", "", ""), "page 1 skip 0 "
	    "limit 20 created_at by cursor after  at ");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_pages),
		TEST(test_skips),
		TEST(test_contradictions),
		TEST(test_guards),
		TEST(test_cursors),
		TEST(test_cursors_of_another_list),
		TEST(test_long_keys),
		TEST(test_memory_short),
		TEST(test_kinds_of_cursors),
	};

	return (cmocka_run_group_tests_name("page", tests, configure, NULL));
}
