/* SPDX-License-Identifier: ISC */
/*
 * A worker's connection pool: a coroutine takes a connection, or waits for one,
 * runs statements on it and returns it. For src/database only.
 */

#ifndef DATABASE_POOL_H
#define DATABASE_POOL_H

#include <libpq-fe.h>

#include "database/database.h"

struct db_conn;

/*
 * Returns a connection that is ready and in no transaction, for this request
 * alone. First come, first served. Raises ERR_UNAVAILABLE at once if no
 * connection works, or after two seconds of waiting.
 */
struct db_conn	*pool_take(struct ctx *) AWAITS;

/*
 * Returns it to the pool, after a rollback if a transaction is open. If its
 * statement has not ended, nobody gets it before that.
 */
void		 pool_give(struct db_conn *);

/*
 * Has the last statement committed here, but perhaps not at the synchronous
 * standby? Ask before pool_give().
 */
bool		 pool_is_unreplicated(const struct db_conn *);

/*
 * False while so many statements do not end that a commit would hardly do: see
 * database_aside.c.
 */
bool		 pool_takes_writes(void);

/*
 * The schema has changed: reconnects every connection, which prepares every
 * statement again. conn is the connection that got the error; if it is older
 * than the last renewal, this does nothing. Requests that hold a connection
 * keep it until pool_give().
 */
void		 pool_renew(const struct db_conn *conn);

/*
 * The same for a server that is read-only, for example because a failover has
 * demoted it. At most once a second, since the next server may be read-only,
 * too. conn may be NULL if it is not known. Returns true if a retry on another
 * connection may succeed.
 */
bool		 pool_renew_read_only(const struct db_conn *conn);

/*
 * Sends the prepared statement, or sql if prepared is NULL, and waits for its
 * result, which the caller owns. Returns NULL if the connection was lost or the
 * deadline has passed; the caller must call pool_give() even then, and must not
 * send anything else before.
 */
PGresult	*pool_run(struct ctx *, struct db_conn *,
		    const struct query *prepared, const char *sql,
		    const char *const *params, size_t nparams) AWAITS;

#endif
