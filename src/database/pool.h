/* SPDX-License-Identifier: ISC */
/*
 * A worker's connections: a coroutine takes one, or waits for one, runs
 * statements on it and gives it back. For src/database only.
 */

#ifndef DATABASE_POOL_H
#define DATABASE_POOL_H

#include <libpq-fe.h>

#include "base/register.h"
#include "database/database.h"

struct db_conn;

/*
 * A connection that is ready and in no transaction, for this request alone.
 * First come, first served. Raises ERR_UNAVAILABLE at once when none works, or
 * after a wait that is too long.
 */
struct db_conn	*pool_take(struct ctx *) AWAITS;

/* Gives it back; one with an open transaction is rolled back first. */
void		 pool_give(struct db_conn *);

/*
 * Every connection is made anew, and every statement prepared on it: the schema
 * has changed. conn is the one that showed it; if it is older than the last
 * renewal, nothing is left to do. Requests that hold a connection keep it until
 * pool_give().
 */
void		 pool_renew(const struct db_conn *conn);

/*
 * The same, since the server at the other end takes no writes: it has been
 * demoted, say, and another one takes them now. At most once a second, for the
 * next one may be no better. conn is NULL when it is not known. True when it is
 * worth trying again on another connection.
 */
bool		 pool_renew_read_only(const struct db_conn *conn);

/*
 * Sends a statement (prepared if prepared is not NULL) and waits for its
 * result, which the caller owns. NULL when the connection was lost or the
 * deadline has passed; the connection must be given back all the same.
 */
PGresult	*pool_run(struct ctx *, struct db_conn *,
		    const struct query *prepared, const char *sql,
		    const char *const *params, size_t nparams) AWAITS;

/* Every query of the module, in no particular order. */
REGISTERED(struct query, queries);

#endif
