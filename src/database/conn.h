/* SPDX-License-Identifier: ISC */
/*
 * One connection to PostgreSQL: opening it, what it is doing, losing it. For
 * database_*.c only.
 */

#ifndef DATABASE_CONN_H
#define DATABASE_CONN_H

#include <sys/types.h>
#include <sys/queue.h>

#include <kore/kore.h>
#include <libpq-fe.h>

#include "database/pool.h"

/*
 * A connection (database_conn.c) and its pool (database_pool.c), as they see
 * each other. Internal to this room.
 */

enum conn_state {
	CONN_DOWN, CONN_CONNECTING, CONN_PREPARING, CONN_IDLE, CONN_BUSY,
	CONN_ROLLBACK
};

struct db_conn {
	struct kore_event	 evt;		/* first: Kore casts to it */
	PGconn			*db;
	enum conn_state		 state;
	bool			 lost;		/* died under its owner */
	bool			 running;	/* a statement is under way */
	bool			 renewing;	/* given up by us, not lost */
	bool			 listening;	/* see database_listen() */
	unsigned		 generation;	/* its statements' */
	struct ctx		*owner;
	PGresult		*result;
	uint64_t		 deadline;	/* of the state; 0: none */
	struct query	*const	*preparing;
	TAILQ_ENTRY(db_conn)	 list;		/* idle */
};

/* database_conn.c */

void	conn_init(struct db_conn *, const char *conninfo);

/* Takes over an open connection, and prepares every statement on it. */
void	conn_adopt(struct db_conn *, PGconn *);

/* Begins to connect, without waiting. now is kore_time_ms(). */
void	conn_connect(struct db_conn *, uint64_t now);

/* It is of no more use; why goes to the log. Its owner, if any, is woken. */
void	conn_lost(struct db_conn *, const char *why);

/* Connects anew: what it is connected to, or has prepared, is of no use. */
void	conn_renew(struct db_conn *);

/* Sends what libpq has buffered, now or when the socket takes it. */
void	conn_flush(struct db_conn *);

bool	conn_works(const struct db_conn *);

/* database_pool.c, called by a connection */

/* It is free: for whoever has waited longest, or to rest. */
void	pool_conn_free(struct db_conn *);

/* One was lost: those who wait may wait in vain. */
void	pool_conn_lost(void);

/* Takes it out of those at rest. */
void	pool_remove(struct db_conn *);

/* Statements prepared in an earlier generation are stale. */
unsigned	pool_generation(void);

#endif
