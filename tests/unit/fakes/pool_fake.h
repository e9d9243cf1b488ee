/* SPDX-License-Identifier: ISC */
/* Replaces the connection pool: the test says what each statement answers. */

#ifndef TESTS_FAKES_POOL_FAKE_H
#define TESTS_FAKES_POOL_FAKE_H

#include "database/pool.h"

#define FAKE_STATEMENTS	64

/*
 * Answers a statement: `name` is the query's, or the text of a statement that
 * is not prepared (BEGIN). NULL means that the connection is lost.
 */
typedef PGresult *fake_answer_fn(const struct query *, const char *name,
		    const char *const *params);

/*
 * What happened since fake_db_clear(). A statement is written when it has
 * changed rows, and its transaction, if it has one, is committed.
 */
struct fake_db {
	fake_answer_fn	*answer;	/* NULL: there is no database */
	void		(*waiting)(void);	/* while a statement runs */
	bool		 reconnects;	/* pool_renew_read_only()'s answer */
	bool		 stuck;		/* it takes no writes */
	bool		 unreplicated;	/* the statement; answer() sets it */

	const char	*sent[FAKE_STATEMENTS];
	unsigned	 nsent;
	const char	*written[FAKE_STATEMENTS];
	unsigned	 nwritten;
	unsigned	 held;		/* connections */
	unsigned	 rolled_back;
	unsigned	 renewed, renewed_read_only;
	unsigned	 confirmed;	/* records for the standby */
};

extern struct fake_db	fake_db;

void		 fake_db_clear(void);

/* Results: rows of the query, a command's tag, an error. */
PGresult	*fake_rows(const struct query *, unsigned nrows,
		    const char *const *cells);
PGresult	*fake_done(const char *tag);
PGresult	*fake_error(const char *sqlstate, const char *message,
		    const char *constraint);

/*
 * Rows of named cells: FAKE_ROWS(q, FAKE_ROW({ "id", ID }), ...). Columns that
 * a row does not name are null, or have a value of their type, so that a new
 * column changes no test.
 */
struct fake_cell {
	const char	*name, *value;	/* NULL: SQL's NULL */
};

#define FAKE_ROW(...)							\
	((const struct fake_cell[]){ __VA_ARGS__, { NULL, NULL } })
#define FAKE_ROWS(q, ...)						\
	fake_named(q, (const struct fake_cell *const[]){ __VA_ARGS__, NULL })

PGresult	*fake_named(const struct query *,
		    const struct fake_cell *const *rows);

#endif
