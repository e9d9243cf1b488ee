/* SPDX-License-Identifier: ISC */
/* The statements of a migration's file. For src/database only. */

#ifndef DATABASE_SQL_SPLIT_H
#define DATABASE_SQL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "database/query_text.h"

/*
 * A file before its first statement; then each next one. Semicolons in strings,
 * quoted names, dollar quotes, comments, parentheses, and in the body of a
 * function between BEGIN ATOMIC and END, end no statement.
 *
 *	s = sql_split(text);
 *	while (sql_split_next(&s))
 *		...
 */
struct sql_split {
	const char		*text;	/* of the statement, without comments
					   before it, and without ; */
	size_t			 len;
	bool			 ended;	/* by a ; */
	bool			 broken;	/* a string, say, has no end */
	struct query_token	 last;	/* the last token that was read */
};

struct sql_split	 sql_split(const char *text);
bool			 sql_split_next(struct sql_split *);

/* What ./keel migrate has to know about a statement. */
enum sql_kind {
	SQL_OTHER,
	SQL_TRANSACTION,	/* BEGIN, COMMIT and the like */
	SQL_COPY,		/* from STDIN, or to STDOUT */
	SQL_BUILD,		/* CREATE INDEX CONCURRENTLY */
	SQL_CONCURRENTLY	/* others that need to be outside */
};

/*
 * The kind of the statement. Of SQL_BUILD also the index and the table as they
 * are written, both within the statement; an index without a name has the
 * length 0.
 */
struct sql_build {
	const char	*index, *table;
	size_t		 index_len, table_len;
};

enum sql_kind		 sql_kind(const struct sql_split *,
			    struct sql_build *);

/* Does it begin DROP INDEX CONCURRENTLY, without IF EXISTS behind it? */
bool			 sql_drops_once(const struct sql_split *);

/* Is this name written in the text, quoted or not? */
bool			 sql_names(const char *text, const char *name);

#endif
