/* SPDX-License-Identifier: ISC */
/*
 * What is checked at the start, in the parent: each returns NULL, or one line
 * that names the file, what is wrong, and what to write. For src/database only.
 */

#ifndef DATABASE_START_CHECKS_H
#define DATABASE_START_CHECKS_H

#include <libpq-fe.h>

#include "database/query.h"
#include "utils/start_error.h"

/* A column of a table. */
struct column {
	Oid			 table;
	int			 number;
	const char		*table_name;
	const char		*name;
	bool			 may_be_null;
	const struct rule	*checked;	/* see choices_check() */
};

/* Every column of the database's tables, but not of views. */
struct catalog {
	PGresult		*texts;
	struct column		*columns;
	size_t			 ncolumns;
};

const char	*catalog_read(struct catalog *, PGconn *);
void		 catalog_free(struct catalog *);

/* The column that column i of a result comes from; NULL for an expression. */
struct column	*catalog_find(const struct catalog *, const PGresult *, int i);

/* "sql/queries/users.sql: users.find_by_id: " and what is wrong. */
#define query_problem(q, fmt, ...)					\
	start_error("sql/queries/%.*s.sql: %s: " fmt,			\
	    (int)strcspn((q)->name, "."), (q)->name, (q)->name,		\
	    ##__VA_ARGS__)

/*
 * The same for an error of PostgreSQL. If it is about the text of the statement
 * itself, also the line in the file.
 */
const char	*query_error(const struct query *, const PGresult *,
		    bool with_line);

/* Are the columns of a described statement those of its row? */
const char	*columns_check(PGconn *, const struct catalog *,
		    const struct query *, const PGresult *described);

/* Are its parameters of the types of the members that they come from? */
const char	*params_check(PGconn *, const struct query *,
		    const PGresult *described);

/* Is each CONSTRAINT, which has a message for clients, in the database? */
const char	*constraints_check(PGconn *);

/*
 * Does the table take every value that kore.conf allows for a column? For the
 * members with a list of choices: a role that the table's CHECK refuses.
 */
const char	*choices_check(PGconn *, const struct catalog *,
		    const struct query *, const PGresult *described);

#endif
