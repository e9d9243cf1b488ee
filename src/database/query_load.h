/* SPDX-License-Identifier: ISC */
/* Makes statements of the sections of query files. For src/database only. */

#ifndef DATABASE_QUERY_LOAD_H
#define DATABASE_QUERY_LOAD_H

#include "database/list.h"
#include "database/query.h"
#include "utils/text.h"

/* A section of a query file. */
struct query_section {
	const char	*file;		/* "users" */
	const char	*name;		/* "users.create" */
	const char	*heading;	/* of a list: what follows its name */
	const char	*text;
	size_t		 len;
};

/* What one statement is made of. */
struct query_expansion {
	const struct query_section	*section;

	/* Where its parameters come from. */
	const char *const		*names;	/* of the caller; or NULL */
	const struct schema		*from;	/* has others; or NULL */
	bool				 collects;	/* any other name, too */
	bool				 reserved;	/* names with a dot, too */

	struct text			 sql;
	struct query_param		*params;	/* $1, $2, ... */
	unsigned			 nparams;
	const char			*problem;	/* the first, or NULL */
};

/* query_expand.c */

/* In memory that lasts until the queries are loaded anew; NULL: none left. */
void		*query_alloc(size_t);
char		*query_strndup(const char *, size_t);
struct text	 query_text(void);
void		 query_memory_free(void);

/* An error message: "sql/queries/FILE.sql: NAME: ..." */
const char	*section_problem(const struct query_section *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* The length of the text without what follows the statement. */
size_t		 query_trim(const char *, size_t);

/*
 * Appends the text, with the columns of each @user, and $1 for each :email.
 * After an error it does nothing.
 */
void		 query_expand(struct query_expansion *, const char *, size_t);

/*
 * Checks that each declared parameter is used, and sets what
 * database_load() sets of the query. Returns NULL, or an error message.
 */
const char	*query_finish(struct query_expansion *, struct query *);

/* list_load.c */

/* Makes all statements of the list. Returns NULL, or an error message. */
const char	*list_load(const struct query_section *, struct list *);

#endif
