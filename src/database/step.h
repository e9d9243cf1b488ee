/* SPDX-License-Identifier: ISC */
/*
 * The C step of a migration, for what SQL alone cannot do. It runs after the
 * file's SQL, in the same transaction:
 *
 *	static void
 *	fill_slugs(struct step *step)
 *	{
 *		struct step_rows	*posts;
 *		char			 slug[64];
 *
 *		posts = step_rows(step, "SELECT id, title FROM posts");
 *		while (step_next(posts)) {
 *			if (!make_slug(slug, step_value(posts, 1)))
 *				step_fail(step, "post %s has no letters",
 *				    step_value(posts, 0));
 *			step_run(step, "UPDATE posts SET slug = $2 "
 *			    "WHERE id = $1", step_value(posts, 0), slug);
 *		}
 *	}
 *
 *	MIGRATION(1003_slugs, .step = fill_slugs);
 *
 * The SQL is text, not a query of sql/queries: those go with the newest schema,
 * and a migration stays as it is. For the same reason a step calls no function
 * that later versions may change.
 *
 * The first failure, of a statement or by step_fail(), undoes the whole
 * migration. After it all calls do nothing: step_next() returns false, and
 * values are NULL. So a step need not ask after each. When it did not get a
 * lock in time, everything is rolled back, and the step is called again later:
 * it keeps nothing in static variables. A signal ends its statements, and makes
 * them fail.
 */

#ifndef DATABASE_STEP_H
#define DATABASE_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "database/database.h"

struct step_rows;

/*
 * Each runs one statement, whose $1, $2 and so on are the texts behind it; NULL
 * is SQL's NULL. PostgreSQL finds their types, as of a literal in quotes.
 *
 * step_run() returns how many rows it has changed, or 0. step_rows() returns
 * the rows, never NULL: all are in memory at once, so read a big table in parts
 * (WHERE id > $1 ORDER BY id LIMIT 1000). step_text() returns the first value
 * of the first row; NULL if there is no row, or if that is NULL. It lives until
 * the step ends.
 */
#define step_run(step, sql, ...)					\
	step_run_with(step, sql, STEP_PARAMS(__VA_ARGS__))
#define step_rows(step, sql, ...)					\
	step_rows_with(step, sql, STEP_PARAMS(__VA_ARGS__))
#define step_text(step, sql, ...)					\
	step_text_with(step, sql, STEP_PARAMS(__VA_ARGS__))

/* Goes to the next row, at first to the first. False: there is none. */
bool		 step_next(struct step_rows *);

/*
 * A value of the row, by its column, from 0 on; NULL for SQL's NULL. It lives
 * until step_next() has returned false.
 */
const char	*step_value(const struct step_rows *, int column);

/* Ends the migration with this message, in one line. */
void		 step_fail(struct step *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/*
 * Prints a line on standard error, for a failure that has more than one thing
 * to name. Text of others goes through terminal_text() first.
 */
void		 step_say(struct step *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* Has something failed? For loops that do not depend on step_next(). */
bool		 step_failed(const struct step *);

/* What the macros call. The first parameter is only there to have one. */
#define STEP_PARAMS(...)						\
	(const char *const[]){ NULL, ##__VA_ARGS__ },			\
	sizeof((const char *const[]){ NULL, ##__VA_ARGS__ }) /		\
	    sizeof(char *)

int64_t		 step_run_with(struct step *, const char *sql,
		    const char *const *params, size_t n);
struct step_rows	*step_rows_with(struct step *, const char *sql,
		    const char *const *params, size_t n);
const char	*step_text_with(struct step *, const char *sql,
		    const char *const *params, size_t n);

#endif
