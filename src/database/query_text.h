/* SPDX-License-Identifier: ISC */
/* The tokens of a query file. For src/database only. */

#ifndef DATABASE_QUERY_TEXT_H
#define DATABASE_QUERY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * SQL is split like PostgreSQL splits it, so that what stands in strings,
 * quoted names, dollar quotes and comments is left alone. Two kinds are our
 * own: @user and :email.
 */
enum query_token_kind {
	QUERY_BLANK,
	QUERY_COMMENT,
	QUERY_WORD,		/* a name or a keyword */
	QUERY_NUMBER,
	QUERY_STRING,		/* '...', E'...', $tag$...$tag$ */
	QUERY_NAME,		/* "..." */
	QUERY_OPERATOR,
	QUERY_SIGN,		/* any other character; ::, := */
	QUERY_COLUMNS,		/* @user */
	QUERY_PARAM,		/* :email, :email.set */
	QUERY_NUMBERED,		/* $1 */
	QUERY_UNENDED		/* a string, a comment or the like */
};

struct query_token {
	enum query_token_kind	 kind;
	const char		*start;
	size_t			 len;
	const char		*end;	/* of the whole text */
};

/*
 * A text that ends with len, before its first token; then each next one.
 *
 *	t = query_tokens(text, strlen(text));
 *	while (query_token_next(&t))
 *		...
 */
struct query_token	 query_tokens(const char *, size_t len);
bool			 query_token_next(struct query_token *);

/* Is it this sign, or this keyword, in any case? */
bool			 query_token_is(const struct query_token *,
			    const char *);

/* ( or [, and ) or ] */
bool			 query_token_opens(const struct query_token *);
bool			 query_token_closes(const struct query_token *);

static inline bool
query_token_is_gap(const struct query_token *t)
{
	return (t->kind == QUERY_BLANK || t->kind == QUERY_COMMENT);
}

/*
 * Does a heading start here: a comment at the beginning of a line that starts
 * with "-- name: " or "-- list: "? text is the beginning of the file.
 */
bool			 query_token_is_heading(const struct query_token *,
			    const char *text);

#endif
