/* SPDX-License-Identifier: ISC */
/*
 * Statements that block, for the parent and for commands, where no worker
 * exists yet. For src/database only.
 */

#ifndef DATABASE_SYNC_H
#define DATABASE_SYNC_H

#include <libpq-fe.h>

#include "database/database.h"

/*
 * Connects to where database_init() said, within the connect timeout. NULL, and
 * *problem says why.
 */
PGconn		*sync_connect(const char **problem);

/*
 * Runs a statement; every parameter is text. NULL after an error, which
 * sync_error() then tells in one line. The caller clears the result.
 */
PGresult	*sync_run(PGconn *, const char *sql, const char *const *params,
		    int nparams);
const char	*sync_error(PGconn *);

#endif
