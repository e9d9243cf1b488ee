/* SPDX-License-Identifier: ISC */
/* Lists in pages: page, skip, cursor, and their Link headers. */

#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "request/ctx.h"
#include "utils/cursor.h"

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
	const char	*after_key;	/* and its sort key; or NULL */
	bool		 back;		/* the rows before it, not after */
};

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
 * Returns the cursor of the rows after the one with this id and sort key, which
 * may be NULL; with back, of those before it. An empty id stands for the start
 * or the end of the list. page_cursor_links() writes the Link header of a page
 * by cursor; NULL: there is no such page.
 */
const char		*page_cursor(struct ctx *, const struct page *,
			    bool back, const char *id, const char *key);
void			 page_cursor_links(struct ctx *, const char *next,
			    const char *prev);

#endif
