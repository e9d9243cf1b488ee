/* SPDX-License-Identifier: ISC */
/* Lists in pages: page, skip, cursor, and their Link headers. */

#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "request/ctx.h"
#include "utils/cursor.h"

struct query;

/*
 * A page of a list: ?page&limit or ?skip&limit with an exact total, or
 * ?cursor&limit, which returns each row once even if rows are added or deleted
 * meanwhile. kore.conf says which of the parameters a route has.
 */
struct page {
	int64_t		 number;	/* from 1 */
	int64_t		 skip;		/* rows before it */
	int64_t		 limit;		/* rows on it */
	const char	*sort;		/* a column; with "-", descending */
	bool		 by_skip;
	bool		 by_cursor;
	const char	*after_id;	/* the last row seen; NULL: none */
	const char	*after_key;	/* and its sort key */
};

/*
 * What a list's response has besides its items: the members of its struct, the
 * fields of its schema, and the code that sets them. n is the number of rows on
 * all pages.
 */
#define PAGE_MEMBERS							\
	int64_t	 total;							\
	int64_t	 page;							\
	int64_t	 limit;							\
	int64_t	 pages
#define PAGE_FIELDS(s)							\
	MEMBER(s, total, T_INT, OUT),				\
	MEMBER(s, page, T_INT, OUT),					\
	MEMBER(s, limit, T_INT, OUT),				\
	MEMBER(s, pages, T_INT, OUT)
#define PAGE_FILL(list, p, n) do {					\
	(list)->total = (n);						\
	(list)->page = (p)->number;					\
	(list)->limit = (p)->limit;					\
	(list)->pages = page_count(p, (list)->total);			\
} while (0)

/*
 * The same for a cursor. The query has asked for one item more than the limit:
 * if that item is there, has_more is true, and the item is dropped. Only then
 * sort_key is evaluated, for LIST_LAST(list).
 */
#define CURSOR_MEMBERS							\
	const char	*next_cursor;	/* NULL at the end */		\
	bool		 has_more;					\
	int64_t		 limit
#define CURSOR_FIELDS(s)						\
	MEMBER(s, next_cursor, T_STR, OUT | OR_NULL,			\
	    .example = "eyJ0IjoxfQ"),					\
	MEMBER(s, has_more, T_BOOL, OUT),				\
	MEMBER(s, limit, T_INT, OUT)
#define CURSOR_FILL(c, list, p, sort_key) do {				\
	(list)->limit = (p)->limit;					\
	(list)->has_more = (list)->items_count > (size_t)(p)->limit;	\
	if ((list)->has_more) {						\
		(list)->items_count = (size_t)(p)->limit;		\
		(list)->next_cursor = page_next_cursor(c, p,		\
		    LIST_LAST(list)->id, sort_key);			\
	}								\
} while (0)
#define LIST_LAST(list)	(&(list)->items[(list)->items_count - 1])

#define PAGE_LIMIT_FALLBACK	20	/* items, without ?limit */

/*
 * PARAM rows for a list's ROUTE. The docs page sends a parameter's fallback, so
 * parameters that exclude others have none.
 */
#define PAGE_PARAMS							\
	PARAM(page, "The number of the page, from 1."),			\
	PARAM(skip, "The number of items to skip. Cannot be combined "	\
	    "with page."),						\
	PARAM(limit, "The maximum number of items on a page.",		\
	    .fallback = PAGE_TEXT(PAGE_LIMIT_FALLBACK))
#define PAGE_TEXT(number)	PAGE_TEXT_OF(number)
#define PAGE_TEXT_OF(number)	#number
#define CURSOR_PARAMS(fallback_sort)					\
	PARAM(cursor, "Empty for the first page, then next_cursor of "	\
	    "the page before. Cannot be combined with page or skip. "	\
	    "Each item is returned once, even if others are added or "	\
	    "deleted meanwhile.", .example = ""),			\
	PARAM(sort, "The sort order; " fallback_sort " by default. A "	\
	    "leading - means descending.")

/*
 * The same for a list that has only pages by cursor, because counting its rows
 * would take too long: without ?cursor it is the first one. kore.conf gives the
 * route none of the other parameters, and its out_cursor is its out.
 */
#define CURSOR_ONLY_PARAMS						\
	PARAM(cursor, "next_cursor of the page before; without it, "	\
	    "the first page. Each item is returned once, even if "	\
	    "others are added or deleted meanwhile.", .example = ""),	\
	PARAM(limit, "The maximum number of items on a page.",		\
	    .fallback = PAGE_TEXT(PAGE_LIMIT_FALLBACK))

/* Before the first id of an ascending and of a descending order. */
#define PAGE_FIRST_ID	"00000000-0000-0000-0000-000000000000"
#define PAGE_LAST_ID	"ffffffff-ffff-ffff-ffff-ffffffffffff"

/* An order of a list; key and id come before its first row. */
struct page_order {
	const char		*sort;
	const struct query	*query;		/* database.h */
	const char		*key, *id;
};

/*
 * Returns the order that the page asks for, of a table of them, with the key
 * and id that the page begins after. Raises 422 "Is no order of WHAT" if it is
 * not in the table.
 */
#define PAGE_ORDER(c, p, table, what)					\
	page_order(c, p, table, sizeof(table) / sizeof((table)[0]), what)

struct page_order	 page_order(struct ctx *, const struct page *,
			    const struct page_order *, size_t n,
			    const char *what);

/* In the parent, once: sets the key that signs cursors. It is copied. */
void			 pages_init(const unsigned char[static CURSOR_KEY]);

/* After it: accepts cursors of this key too. It is copied. */
void			 pages_accept(const unsigned char[static CURSOR_KEY]);

/*
 * Reads page, skip, limit, sort and cursor. fallback_sort is the order without
 * ?sort; NULL if there is only one order. Raises 422 if the parameters exclude
 * each other, ERR_INVALID_CURSOR if the cursor is not of this endpoint and
 * order.
 */
const struct page	*page_from_query(struct ctx *,
			    const char *fallback_sort);

/* The number of pages of a total; 0 for 0. */
int64_t			 page_count(const struct page *, int64_t total);

/* Writes the Link header of a page: rel=next and rel=prev (RFC 8288). */
void			 page_links(struct ctx *, const struct page *,
			    int64_t total);

/*
 * Returns the cursor of the rows that follow the one with this id and sort key,
 * and writes its Link header.
 */
const char		*page_next_cursor(struct ctx *, const struct page *,
			    const char *id, const char *key);

#endif
