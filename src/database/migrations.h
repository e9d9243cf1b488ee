/* SPDX-License-Identifier: ISC */
/*
 * Checks the migrations' names, and that the database has all of them. For
 * src/database only; the public functions are in database.h.
 */

#ifndef DATABASE_MIGRATIONS_H
#define DATABASE_MIGRATIONS_H

#include <libpq-fe.h>

/*
 * Checks the names of the compiled-in migrations: NNNN_words, from 0001 on and,
 * of a project's own, from 1001 on, without a gap. Before all else here.
 * Returns NULL, or an error message.
 */
const char	*migrations_names(void);

/*
 * Compares the versions and checksums in the migrations table with the
 * compiled-in ones. Returns NULL, or an error message.
 */
const char	*migrations_check(PGconn *);

#endif
