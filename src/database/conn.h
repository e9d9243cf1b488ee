/* SPDX-License-Identifier: ISC */
/*
 * One non-blocking connection to PostgreSQL: it connects, prepares every
 * statement, runs one at a time, and reports events through callbacks.
 * For src/database only.
 */

#ifndef DATABASE_CONN_H
#define DATABASE_CONN_H

#include <sys/types.h>

#include <kore/kore.h>
#include <libpq-fe.h>

#include "database/database.h"
#include "database/servers.h"

/* The order matters: from CONN_PREPARING on, it is connected. */
enum conn_state {
	CONN_DOWN, CONN_CONNECTING, CONN_PREPARING, CONN_READY
};

struct db_conn;

/* What they share and change. */
struct conn_shared {
	/* In an outage: a bit for each server whose failure is logged. */
	uint32_t in_outage;
};

/*
 * What the connections of one kind share: the servers, the queries to
 * prepare, and the callbacks. Kore's loop runs the callbacks, so they may not
 * wait; they may send a statement or reconnect.
 */
struct conn_setup {
	struct servers	*servers;
	struct query	*const *queries;	/* prepared on each */
	struct query	*const *queries_end;
	const char	*channel;		/* to LISTEN to, or NULL */
	const char	*name;			/* in the log */
	struct conn_shared	*shared;

	/* It can run statements from now on. */
	void		(*on_ready)(struct db_conn *);
	/* The statement has ended: see conn_result(). */
	void		(*on_result)(struct db_conn *);
	/* It is down, and stays down until conn_connect(). */
	void		(*on_lost)(struct db_conn *, bool was_ready);
	/* A notification has arrived, or may have been missed. */
	void		(*on_notify)(void);
};

struct db_conn {
	struct kore_event	 evt;		/* first: Kore casts to it */
	PGconn			*db;
	const struct conn_setup	*setup;
	struct servers_walk	 walk;		/* while it connects */
	char			 server[SERVER_NAME_SIZE];	/* its last */
	enum conn_state		 state;
	bool			 running;	/* a statement is under way */
	bool			 pipelined;	/* all are being prepared */
	bool			 answers;	/* while it prepares */
	bool			 passed_by;	/* a server without an answer */
	bool			 listening;	/* LISTEN was sent */
	bool			 unreplicated;	/* see conn_send() */
	int			 watched;	/* events; 0: not known */
	const struct query	*query;		/* that was sent last, or */
	const char		*sql;		/* its text */
	PGresult		*result;
	/*
	 * When conn_tick() drops the connection, by kore_time_ms(); 0: never.
	 * Connecting sets it; the caller may set it before it sends a
	 * statement. At the end of either it is 0 again.
	 */
	uint64_t		 deadline;
};

/* The setup must live as long as the connection. */
void		 conn_init(struct db_conn *, const struct conn_setup *);

/*
 * Takes ownership of a connection that is open to the server of that name, and
 * prepares every statement.
 */
void		 conn_adopt(struct db_conn *, PGconn *, const char *server);

/*
 * Starts to connect or reconnect, and tries one server after the other. now is
 * kore_time_ms(). Returns false, with the connection down, if it cannot start.
 */
bool		 conn_connect(struct db_conn *, uint64_t now);

/*
 * Drops the connection and logs why. One that was ready is down now; one that
 * was connecting tries the next server first.
 */
void		 conn_lost(struct db_conn *, const char *why);

/* Closes it, without a line and without on_lost(); conn_connect() opens it. */
void		 conn_close(struct db_conn *);

/* Drops the connection if its deadline has passed. */
void		 conn_tick(struct db_conn *, uint64_t now);

/*
 * Send a statement on a connection that is ready and idle; parameters are
 * text. `running` is true until the statement ends or the connection is lost,
 * which may happen before these return. From then until the next statement,
 * `unreplicated` tells that PostgreSQL has given up to wait for the synchronous
 * standby: what the statement committed is here, and perhaps not there.
 */
void		 conn_send(struct db_conn *, const char *sql);
void		 conn_send_prepared(struct db_conn *, const struct query *,
		    const char *const *params, size_t nparams);

/*
 * The result of the statement that has ended; the caller must PQclear() it.
 * NULL if the connection was lost.
 */
PGresult	*conn_result(struct db_conn *);

bool		 conn_is_ready(const struct db_conn *);
bool		 conn_is_in_transaction(const struct db_conn *);

#endif
