/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * One worker's connections. Kore's pgsql module opens them; then they are
 * ours for good: watched in Kore's loop with an event of our own, read and
 * written without blocking, revived when they die. No job of Kore's is ever
 * attached, so nothing of it can cancel, queue or hand on what is half-used.
 *
 *	DOWN -> CONNECTING -> PREPARING -> IDLE <-> BUSY
 *	                                    ^        |
 *	                                    +- ROLLBACK (left in a transaction)
 */

#include <sys/types.h>
#include <sys/epoll.h>

#include <kore/kore.h>
#include <kore/pgsql.h>

#include <stdlib.h>
#include <string.h>

#include "database/pool.h"
#include "runtime/faults.h"
#include "runtime/log.h"
#include "runtime/loop.h"
#include "runtime/metrics.h"

#define ACQUIRE_MS	2000	/* for a connection to become free */
#define QUERY_MS	6000	/* a second over statement_timeout */
#define CONNECT_MS	4000	/* connecting and preparing */
#define ROLLBACK_MS	2000

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
	struct ctx		*owner;
	PGresult		*result;
	uint64_t		 deadline;	/* of the state; 0: none */
	struct query	*const	*preparing;
	TAILQ_ENTRY(db_conn)	 list;		/* idle */
};

struct waiter {
	struct ctx		*ctx;
	struct db_conn		*conn;		/* granted */
	bool			 refused;
	TAILQ_ENTRY(waiter)	 list;
};

static struct db_conn		*conns;
static unsigned			 nconns;
static const char		*conninfo;
static TAILQ_HEAD(, db_conn)	 idle = TAILQ_HEAD_INITIALIZER(idle);
static TAILQ_HEAD(, waiter)	 waiters = TAILQ_HEAD_INITIALIZER(waiters);

static void	conn_connect(struct db_conn *, uint64_t);
static void	conn_event(void *, int);
static void	conn_prepare_next(struct db_conn *);
static void	conn_release(struct db_conn *);

static bool
conn_works(const struct db_conn *conn)
{
	return (conn->state == CONN_IDLE || conn->state == CONN_BUSY ||
	    conn->state == CONN_ROLLBACK);
}

static bool
any_works(void)
{
	unsigned	 i;

	for (i = 0; i < nconns; i++) {
		if (conn_works(&conns[i]))
			return (true);
	}
	return (false);
}

static void
conn_watch(struct db_conn *conn, int events)
{
	int	 fd = PQsocket(conn->db);

	if (fd != -1)
		kore_platform_event_schedule(fd, events, 0, conn);
}

/* Nobody works any more: those who wait need not wait longer. */
static void
refuse_waiters(void)
{
	struct waiter	*w;

	if (any_works())
		return;
	while ((w = TAILQ_FIRST(&waiters)) != NULL) {
		TAILQ_REMOVE(&waiters, w, list);
		w->refused = true;
		coro_wake(w->ctx->coro);
	}
}

/*
 * One that worked is revived at once, if nobody holds it any more; one that
 * could not even connect waits for the tick.
 */
static void
conn_lost(struct db_conn *conn, const char *why)
{
	bool	 worked = conn_works(conn);

	if (conn->state != CONN_DOWN && conn->state != CONN_CONNECTING)
		log_event(LEVEL_WARNING, NULL, "database",
		    "a connection was lost: %.*s",
		    (int)strcspn(why, "\n"), why);
	if (conn->state == CONN_IDLE)
		TAILQ_REMOVE(&idle, conn, list);
	/* A socket still open would be reported for ever: edges only. */
	conn_watch(conn, EPOLLET);
	if (conn->result != NULL)
		PQclear(conn->result);
	conn->result = NULL;
	conn->running = false;
	conn->state = CONN_DOWN;
	conn->deadline = 0;
	if (conn->owner != NULL) {
		conn->lost = true;
		coro_wake(conn->owner->coro);
	} else if (worked) {
		conn_connect(conn, kore_time_ms());
	}
	refuse_waiters();
}

/* Sends what libpq has buffered; asks for EPOLLOUT while it is not all. */
static void
conn_flush(struct db_conn *conn)
{
	int	 left = PQflush(conn->db);

	if (left == -1)
		conn_lost(conn, PQerrorMessage(conn->db));
	else
		conn_watch(conn, left == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void
conn_connect(struct db_conn *conn, uint64_t now)
{
	bool	 started;

	if (conn->db != NULL)
		started = PQresetStart(conn->db) == 1;
	else
		started = (conn->db = PQconnectStart(conninfo)) != NULL &&
		    PQstatus(conn->db) != CONNECTION_BAD;
	if (!started)
		return;
	conn->state = CONN_CONNECTING;
	conn->deadline = now + CONNECT_MS;
	conn_watch(conn, EPOLLOUT);
}

static void
conn_connected(struct db_conn *conn)
{
	PQsetnonblocking(conn->db, 1);
	conn->state = CONN_PREPARING;
	conn->preparing = __start_keel_queries;
	conn_prepare_next(conn);
}

/* A connect begun by PQconnectStart goes on with PQconnectPoll; so can one
 * begun by PQresetStart: PQresetPoll is the same. */
static void
conn_poll(struct db_conn *conn)
{
	switch (PQconnectPoll(conn->db)) {
	case PGRES_POLLING_READING:
		conn_watch(conn, EPOLLIN);
		break;
	case PGRES_POLLING_WRITING:
		conn_watch(conn, EPOLLOUT);
		break;
	case PGRES_POLLING_OK:
		conn_connected(conn);
		break;
	default:
		conn_lost(conn, PQerrorMessage(conn->db));
	}
}

static void
conn_prepare_next(struct db_conn *conn)
{
	const struct query	*q;

	if (conn->preparing == __stop_keel_queries) {
		log_event(LEVEL_DEBUG, NULL, "database", "connected");
		conn->deadline = 0;
		conn_release(conn);
		return;
	}
	q = *conn->preparing++;
	conn->running = true;
	if (PQsendPrepare(conn->db, q->name, q->sql, 0, NULL) == 0)
		conn_lost(conn, PQerrorMessage(conn->db));
	else
		conn_flush(conn);
}

/* The statement under way has ended and its result is in conn->result. */
static void
conn_complete(struct db_conn *conn)
{
	conn->running = false;
	switch (conn->state) {
	case CONN_PREPARING:
		if (PQresultStatus(conn->result) != PGRES_COMMAND_OK) {
			conn_lost(conn, PQresultErrorMessage(conn->result));
			break;
		}
		PQclear(conn->result);
		conn->result = NULL;
		conn_prepare_next(conn);
		break;
	case CONN_ROLLBACK:
		PQclear(conn->result);
		conn->result = NULL;
		conn_release(conn);
		break;
	default:
		if (conn->owner != NULL)
			coro_wake(conn->owner->coro);
	}
}

/* Keeps the first error, or else the last result. */
static void
conn_keep(struct db_conn *conn, PGresult *r)
{
	if (conn->result != NULL &&
	    PQresultStatus(conn->result) == PGRES_FATAL_ERROR) {
		PQclear(r);
		return;
	}
	if (conn->result != NULL)
		PQclear(conn->result);
	conn->result = r;
}

static void
conn_read(struct db_conn *conn)
{
	PGresult	*r;

	if (PQconsumeInput(conn->db) == 0) {
		conn_lost(conn, PQerrorMessage(conn->db));
		return;
	}
	while (conn->running && PQisBusy(conn->db) == 0) {
		if ((r = PQgetResult(conn->db)) != NULL)
			conn_keep(conn, r);
		else if (PQstatus(conn->db) == CONNECTION_BAD)
			conn_lost(conn, PQerrorMessage(conn->db));
		else
			conn_complete(conn);
	}
	if (conn->state != CONN_DOWN && PQstatus(conn->db) == CONNECTION_BAD)
		conn_lost(conn, PQerrorMessage(conn->db));
}

/* Kore's loop: the socket is ready. Marks only; nobody else runs here. */
static void
conn_event(void *arg, int error)
{
	struct db_conn	*conn = arg;
	int		 flags = conn->evt.flags;

	conn->evt.flags = 0;
	if (conn->state == CONN_DOWN)
		return;
	if (conn->state == CONN_CONNECTING) {
		conn_poll(conn);
		return;
	}
	if (flags & KORE_EVENT_WRITE)
		conn_flush(conn);
	if (conn->state != CONN_DOWN && (error || flags & KORE_EVENT_READ))
		conn_read(conn);
}

/* To the one who has waited longest, or to the idle ones. */
static void
conn_release(struct db_conn *conn)
{
	struct waiter	*w;

	conn->owner = NULL;
	conn->lost = false;
	conn->deadline = 0;
	if ((w = TAILQ_FIRST(&waiters)) != NULL) {
		TAILQ_REMOVE(&waiters, w, list);
		conn->state = CONN_BUSY;
		conn->owner = w->ctx;
		w->conn = conn;
		coro_wake(w->ctx->coro);
		return;
	}
	conn->state = CONN_IDLE;
	TAILQ_INSERT_HEAD(&idle, conn, list);
}

void
pool_give(struct db_conn *conn)
{
	conn->owner = NULL;
	if (conn->state != CONN_BUSY) {
		conn->lost = false;
		conn_connect(conn, kore_time_ms());
		return;
	}
	if (conn->running) {
		conn_lost(conn, "its statement did not end in time");
		return;
	}
	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE) {
		conn_release(conn);
		return;
	}
	conn->state = CONN_ROLLBACK;
	conn->deadline = kore_time_ms() + ROLLBACK_MS;
	conn->running = true;
	if (PQsendQuery(conn->db, "ROLLBACK") == 0)
		conn_lost(conn, PQerrorMessage(conn->db));
	else
		conn_flush(conn);
}

struct db_conn *
pool_take(struct ctx *c)
{
	struct waiter	 w = { .ctx = c };
	struct db_conn	*conn;

	if ((conn = TAILQ_FIRST(&idle)) != NULL) {
		TAILQ_REMOVE(&idle, conn, list);
		conn->state = CONN_BUSY;
		conn->owner = c;
		return (conn);
	}
	if (!any_works())
		raise_error(c, &ERR_UNAVAILABLE, "The database is unavailable");

	TAILQ_INSERT_TAIL(&waiters, &w, list);
	while (w.conn == NULL && !w.refused && ctx_wait(c, ACQUIRE_MS))
		;
	if (w.conn != NULL)
		return (w.conn);
	if (!w.refused)
		TAILQ_REMOVE(&waiters, &w, list);
	raise_error(c, &ERR_UNAVAILABLE, w.refused ?
	    "The database is unavailable" : "The database is busy");
}

PGresult *
pool_run(struct ctx *c, struct db_conn *conn, const struct query *prepared,
    const char *sql, const char *const *params, size_t nparams)
{
	PGresult	*r;
	int		 sent;

	if (conn->lost)
		return (NULL);
	if (fault_hit(FAULT_QUERY))
		sent = PQsendQuery(conn->db, "SELECT 1 / 0");
	else if (prepared != NULL)
		sent = PQsendQueryPrepared(conn->db, prepared->name,
		    (int)nparams, params, NULL, NULL, 0);
	else
		sent = PQsendQuery(conn->db, sql);
	if (sent == 0) {
		conn_lost(conn, PQerrorMessage(conn->db));
		return (NULL);
	}
	conn->running = true;
	conn_flush(conn);

	while (conn->running && !conn->lost && ctx_wait(c, QUERY_MS))
		;
	if (conn->running)
		conn_lost(conn, "its statement did not end in time");
	r = conn->result;
	conn->result = NULL;
	return (r);
}

void
database_worker_init(const char *info, unsigned pool)
{
	struct kore_pgsql	 sql;
	unsigned		 i;

	conninfo = info;
	nconns = pool;
	if ((conns = calloc(pool, sizeof(*conns))) == NULL)
		fatal("cannot allocate the database pool");
	pgsql_conn_max = (u_int16_t)pool;
	kore_pgsql_register("keel", info);

	for (i = 0; i < pool; i++) {
		conns[i].evt.type = KORE_TYPE_PGSQL_CONN;
		conns[i].evt.handle = conn_event;
	}
	for (i = 0; i < pool; i++) {
		kore_pgsql_init(&sql);
		if (!kore_pgsql_setup(&sql, "keel", KORE_PGSQL_SYNC)) {
			log_event(LEVEL_WARNING, NULL, "database",
			    "cannot connect: %s", sql.error);
			kore_pgsql_cleanup(&sql);
			break;	/* the tick tries again, without blocking */
		}
		conns[i].db = sql.conn->db;
		conns[i].deadline = kore_time_ms() + CONNECT_MS;
		conn_connected(&conns[i]);
	}
}

static void
count_connections(void)
{
	unsigned	 i, down = 0, resting = 0;

	for (i = 0; i < nconns; i++) {
		down += !conn_works(&conns[i]);
		resting += conns[i].state == CONN_IDLE;
	}
	metrics->db_down = down;
	metrics->db_idle = resting;
	metrics->db_in_use = nconns - down - resting;
}

void
database_tick(uint64_t now)
{
	struct db_conn	*conn;

	for (conn = conns; conn < conns + nconns; conn++) {
		if (conn->deadline != 0 && conn->deadline <= now)
			conn_lost(conn, "it did not answer in time");
		if (conn->state == CONN_DOWN && conn->owner == NULL)
			conn_connect(conn, now);
	}
	count_connections();
}
