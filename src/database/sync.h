/* SPDX-License-Identifier: ISC */
/*
 * Statements that block, for the start and for migrations. For src/database
 * only.
 */

#ifndef DATABASE_SYNC_H
#define DATABASE_SYNC_H

#include <libpq-fe.h>

/*
 * The parent's and the commands' connection: one, blocking, before any worker
 * exists (database_start.c).
 */

/* Connects within the connect timeout. NULL, and *problem says why. */
PGconn		*sync_connect(const char **problem);

/*
 * Runs a statement; every parameter is text. NULL after an error, which
 * sync_error() then tells in one line. The caller clears the result.
 */
PGresult	*sync_run(PGconn *, const char *sql, const char *const *params,
		    int nparams);
const char	*sync_error(PGconn *);

/* Compares the schema's version and checksums with the compiled ones. */
const char	*migrations_check(PGconn *);

#endif
