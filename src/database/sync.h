/* SPDX-License-Identifier: ISC */
/*
 * Blocking statements, for the parent and for commands, where no worker exists
 * yet. For src/database only.
 */

#ifndef DATABASE_SYNC_H
#define DATABASE_SYNC_H

#include <libpq-fe.h>

#include "database/database.h"

/*
 * Connects to the URL of database_init(), and sets the session. The caller must
 * PQfinish(). On error, after a timeout, and if a pooler is not in session
 * mode, returns NULL and sets *problem.
 */
PGconn		*sync_connect(const char **problem);

/*
 * Runs a statement with text parameters. Returns its result, which the caller
 * must PQclear(), or NULL: then sync_error() returns the error in one line. A
 * commit that the synchronous standby may lack is an error, too.
 */
PGresult	*sync_run(PGconn *, const char *sql, const char *const *params,
		    int nparams);
const char	*sync_error(PGconn *);

/*
 * Has a statement on such a connection committed since the last call, though
 * the synchronous standby may lack it? For one that sync_run() has not run.
 */
bool		 sync_take_unreplicated(void);

/*
 * The same for a statement without parameters, for at most so many
 * milliseconds. Returns a result of any status, or NULL if there is none in
 * time: then the connection is of no further use.
 */
#define SYNC_ANSWER_MS	5000

PGresult	*sync_run_within(PGconn *, const char *sql, int ms);

#endif
