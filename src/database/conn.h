/* SPDX-License-Identifier: ISC */
/*
 * One connection to PostgreSQL that never blocks: it connects, prepares every
 * statement, runs one at a time, and reports what happens through callbacks.
 * For src/database only.
 */

#ifndef DATABASE_CONN_H
#define DATABASE_CONN_H

#include <sys/types.h>

#include <kore/kore.h>
#include <libpq-fe.h>

#include "database/database.h"

/* In this order: from CONN_PREPARING on it is connected. */
enum conn_state {
	CONN_DOWN, CONN_CONNECTING, CONN_PREPARING, CONN_READY
};

struct db_conn;

/*
 * What the connections of one process share: where they lead, what is prepared
 * on each of them, and who is told what happens. Kore's loop calls, so a
 * callback may not wait; it may send a statement or connect anew.
 */
struct conn_setup {
	const char	*conninfo;
	struct query	*const *queries;	/* prepared on each */
	struct query	*const *queries_end;
	const char	*channel;		/* to LISTEN to, or NULL */

	/* It runs statements from now on. */
	void		(*on_ready)(struct db_conn *);
	/* The statement has ended: see conn_result(). */
	void		(*on_result)(struct db_conn *);
	/* It is down, and stays down until conn_connect(). */
	void		(*on_lost)(struct db_conn *, bool was_ready);
	/* A notification came on the channel, or may have been missed. */
	void		(*on_notify)(void);
};

struct db_conn {
	struct kore_event	 evt;		/* first: Kore casts to it */
	PGconn			*db;
	const struct conn_setup	*setup;
	enum conn_state		 state;
	bool			 running;	/* a statement is under way */
	bool			 listening;	/* LISTEN was sent */
	PGresult		*result;
	/*
	 * When conn_tick() gives it up, by kore_time_ms(); 0: never. Connecting
	 * sets it; it may be set before a statement is sent, too. When that has
	 * ended it is 0 again.
	 */
	uint64_t		 deadline;
	struct query	*const	*preparing;	/* the next one */
};

/* The setup must live as long as the connection. */
void		 conn_init(struct db_conn *, const struct conn_setup *);

/* Takes over an open connection, and prepares every statement on it. */
void		 conn_adopt(struct db_conn *, PGconn *);

/*
 * Begins to connect, anew if it was connected. now is kore_time_ms(). False
 * when it could not even begin: it is down.
 */
bool		 conn_connect(struct db_conn *, uint64_t now);

/* Gives it up: it is down now. The log says why. */
void		 conn_lost(struct db_conn *, const char *why);

/* Gives it up if its deadline has passed. */
void		 conn_tick(struct db_conn *, uint64_t now);

/*
 * Send a statement on a connection that is ready and runs none; parameters are
 * text. `running` is true until it has ended, or until the connection is lost,
 * which may be before these return.
 */
void		 conn_send(struct db_conn *, const char *sql);
void		 conn_send_prepared(struct db_conn *, const struct query *,
		    const char *const *params, size_t nparams);

/*
 * The result of the statement that has ended, which is the caller's to clear.
 * NULL if the connection was lost.
 */
PGresult	*conn_result(struct db_conn *);

bool		 conn_is_ready(const struct db_conn *);
bool		 conn_is_in_transaction(const struct db_conn *);

#endif
