/* SPDX-License-Identifier: ISC */
/*
 * The life of one connection. Kore's pgsql module opens it; then it is ours
 * for good: watched in Kore's loop with an event of our own, read and written
 * without blocking, revived when it dies. No job of Kore's is ever attached,
 * so nothing of it can cancel, queue or hand on what is half-used.
 *
 *	DOWN -> CONNECTING -> PREPARING -> IDLE <-> BUSY
 *	                                    ^        |
 *	                                    +- ROLLBACK (left in a transaction)
 */

#include <sys/types.h>
#include <sys/epoll.h>

#include <kore/kore.h>

#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "database/conn.h"

#define CONNECT_MS	4000	/* connecting and preparing */

static const char	*conninfo;
static bool		 in_outage;	/* and the log has said so */
static char		 listen_sql[80];	/* "": to nothing */
static void		(*on_notify)(void);

static void	conn_event(void *, int);
static void	conn_prepare_next(struct db_conn *);

void
conn_init(struct db_conn *conn, const char *info)
{
	conninfo = info;
	conn->evt.type = KORE_TYPE_PGSQL_CONN;
	conn->evt.handle = conn_event;
}

void
database_listen(const char *channel, void (*told)(void))
{
	snprintf(listen_sql, sizeof(listen_sql), "LISTEN %s", channel);
	on_notify = told;
}

bool
conn_works(const struct db_conn *conn)
{
	return (conn->state == CONN_IDLE || conn->state == CONN_BUSY ||
	    conn->state == CONN_ROLLBACK);
}

static void
conn_watch(struct db_conn *conn, int events)
{
	int	 fd = PQsocket(conn->db);

	if (fd != -1)
		kore_platform_event_schedule(fd, events, 0, conn);
}

/*
 * One that worked is revived at once, if nobody holds it any more; one that
 * could not even connect waits for the tick.
 */
void
conn_lost(struct db_conn *conn, const char *why)
{
	bool	 worked = conn_works(conn);

	if (worked || !in_outage)
		log_event(LEVEL_WARNING, NULL, "database",
		    "a connection was lost: %.*s",
		    (int)strcspn(why, "\n"), why);
	if (!worked)
		in_outage = true;
	if (conn->state == CONN_IDLE)
		pool_remove(conn);
	/* A socket still open would be reported for ever: edges only. */
	conn_watch(conn, EPOLLET);
	if (conn->result != NULL)
		PQclear(conn->result);
	conn->result = NULL;
	conn->running = false;
	conn->renewing = false;
	conn->state = CONN_DOWN;
	conn->deadline = 0;
	if (conn->owner != NULL) {
		conn->lost = true;
		coro_wake(conn->owner->coro);
	} else if (worked) {
		conn_connect(conn, kore_time_ms());
	}
	pool_conn_lost();
}

/* Ours to end: it works, but see pool_renew(). */
void
conn_renew(struct db_conn *conn)
{
	if (conn->state == CONN_IDLE)
		pool_remove(conn);
	conn->state = CONN_DOWN;
	conn->renewing = true;
	conn_connect(conn, kore_time_ms());
}

/* Sends what libpq has buffered; asks for EPOLLOUT while it is not all. */
void
conn_flush(struct db_conn *conn)
{
	int	 left = PQflush(conn->db);

	if (left == -1)
		conn_lost(conn, PQerrorMessage(conn->db));
	else
		conn_watch(conn, left == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void
conn_connect(struct db_conn *conn, uint64_t now)
{
	bool	 started;

	if (conn->db != NULL)
		started = PQresetStart(conn->db) == 1;
	else
		started = (conn->db = PQconnectStart(conninfo)) != NULL &&
		    PQstatus(conn->db) != CONNECTION_BAD;
	if (!started) {
		conn->renewing = false;
		return;
	}
	conn->state = CONN_CONNECTING;
	conn->deadline = now + CONNECT_MS;
	conn_watch(conn, EPOLLOUT);
}

static void
conn_connected(struct db_conn *conn)
{
	PQsetnonblocking(conn->db, 1);
	conn->state = CONN_PREPARING;
	conn->generation = pool_generation();
	conn->preparing = __start_registered_queries;
	conn->listening = false;
	conn_prepare_next(conn);
}

void
conn_adopt(struct db_conn *conn, PGconn *db)
{
	conn->db = db;
	conn->deadline = kore_time_ms() + CONNECT_MS;
	conn_connected(conn);
}

/* PQresetPoll() is the same as PQconnectPoll(). */
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
conn_stands(struct db_conn *conn)
{
	log_event(LEVEL_DEBUG, NULL, "database", "connected");
	in_outage = false;
	pool_conn_free(conn);
	if (conn->listening)
		on_notify();
}

static void
conn_prepare_next(struct db_conn *conn)
{
	const struct query	*q;
	int			 sent;

	if (conn->preparing < __stop_registered_queries) {
		q = *conn->preparing++;
		sent = PQsendPrepare(conn->db, q->name, q->sql, 0, NULL);
	} else if (*listen_sql != '\0' && !conn->listening) {
		conn->listening = true;
		sent = PQsendQuery(conn->db, listen_sql);
	} else {
		conn_stands(conn);
		return;
	}
	conn->running = true;
	if (sent == 0)
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
		pool_conn_free(conn);
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
conn_notifications(struct db_conn *conn)
{
	PGnotify	*n;

	while ((n = PQnotifies(conn->db)) != NULL) {
		PQfreemem(n);
		if (conn->state != CONN_PREPARING)
			on_notify();
	}
}

static void
conn_results(struct db_conn *conn)
{
	PGresult	*r;

	if (conn->listening)
		conn_notifications(conn);
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

/*
 * libpq makes room for 8 KiB, a record of TLS may have 16: what is left of one
 * is in OpenSSL's memory, where epoll does not see it.
 */
static bool
conn_has_rest(const struct db_conn *conn)
{
	SSL	*tls;

	if (conn->state == CONN_DOWN || conn->state == CONN_CONNECTING)
		return (false);
	tls = PQsslStruct(conn->db, "OpenSSL");
	return (tls != NULL && SSL_pending(tls) > 0);
}

static void
conn_read(struct db_conn *conn)
{
	do {
		if (PQconsumeInput(conn->db) == 0) {
			conn_lost(conn, PQerrorMessage(conn->db));
			return;
		}
		conn_results(conn);
	} while (conn_has_rest(conn));
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
