/* SPDX-License-Identifier: ISC */
/*
 * One connection. Kore's pgsql module opens it. From then on only this file
 * uses it, in Kore's loop and without blocking. Kore attaches no job to it, so
 * Kore can neither cancel it nor queue for it, nor reuse it in a statement.
 *
 *	DOWN -> CONNECTING -> PREPARING -> READY -> DOWN
 *
 * While it connects, a failure leads back to CONNECTING, to the next server.
 */

#include <sys/types.h>
#include <sys/epoll.h>

#include <kore/kore.h>

#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "database/conn.h"
#include "database/conn_log.h"
#include "database/session.h"

#define CONNECT_MS	4000	/* to connect and prepare */
#define NEXT_MS		2000	/* to connect, if another server waits */

static bool	conn_to_next(struct db_conn *, uint64_t);
static void	conn_event(void *, int);

void
conn_init(struct db_conn *conn, const struct conn_setup *setup)
{
	conn->setup = setup;
	conn->evt.type = KORE_TYPE_PGSQL_CONN;
	conn->evt.handle = conn_event;
}

bool
conn_is_ready(const struct db_conn *conn)
{
	return (conn->state == CONN_READY);
}

bool
conn_is_in_transaction(const struct db_conn *conn)
{
	return (PQtransactionStatus(conn->db) != PQTRANS_IDLE);
}

/* Each change is a system call or two, so a statement makes none. */
static void
conn_watch(struct db_conn *conn, int events)
{
	int	 fd;

	if (conn->watched == events || (fd = PQsocket(conn->db)) == -1)
		return;
	kore_platform_event_schedule(fd, events, 0, conn);
	conn->watched = events;
}

static void
conn_drop_result(struct db_conn *conn)
{
	PQclear(conn->result);
	conn->result = NULL;
}

void
conn_lost(struct db_conn *conn, const char *why)
{
	bool	 was_ready = conn_is_ready(conn);

	conn_log_failure(conn, why);
	if (conn->state == CONN_PREPARING && !conn->answers)
		conn->passed_by = true;
	servers_ask(conn->setup->servers);
	/* Edge-triggered, or epoll would report an open socket forever. */
	conn_watch(conn, EPOLLET);
	conn_drop_result(conn);
	conn->running = false;
	conn->answers = false;
	conn->state = CONN_DOWN;
	conn->deadline = 0;
	if (was_ready || !conn_to_next(conn, kore_time_ms()))
		conn->setup->on_lost(conn, was_ready);
}

void
conn_close(struct db_conn *conn)
{
	PQfinish(conn->db);
	conn->db = NULL;
	conn_drop_result(conn);
	conn->running = false;
	conn->watched = 0;
	conn->state = CONN_DOWN;
	conn->deadline = 0;
}

void
conn_tick(struct db_conn *conn, uint64_t now)
{
	if (conn->deadline == 0 || conn->deadline > now)
		return;
	conn_lost(conn, conn->state == CONN_PREPARING ?
	    "it was accepted, but no answer came in time (has the pool of a "
	    "connection pooler no connection left?)" :
	    "it did not answer in time");
}

/* Sends what libpq has buffered, and waits for EPOLLOUT to send the rest. */
static void
conn_flush(struct db_conn *conn)
{
	int	 left = PQflush(conn->db);

	if (left == -1)
		conn_lost(conn, PQerrorMessage(conn->db));
	else
		conn_watch(conn, left == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* queued is the return value of a PQsend function. */
static void
conn_start(struct db_conn *conn, int queued)
{
	conn->unreplicated = false;
	if (queued == 0) {
		conn_lost(conn, PQerrorMessage(conn->db));
		return;
	}
	conn->running = true;
	conn_flush(conn);
}

void
conn_send(struct db_conn *conn, const char *sql)
{
	conn_start(conn, PQsendQuery(conn->db, sql));
}

void
conn_send_prepared(struct db_conn *conn, const struct query *q,
    const char *const *params, size_t nparams)
{
	conn_start(conn, PQsendQueryPrepared(conn->db, q->name, (int)nparams,
	    params, NULL, NULL, 0));
}

PGresult *
conn_result(struct db_conn *conn)
{
	PGresult	*r = conn->result;

	conn->result = NULL;
	return (r);
}

/*
 * The kernel forgets what was watched, also if the new socket has the number of
 * the old one. False if it cannot start: nobody serves that Unix socket.
 */
static bool
conn_to(struct db_conn *conn, const struct server *server)
{
	conn->watched = 0;
	if (conn->db != NULL && strcmp(conn->server, server->name) == 0)
		return (PQresetStart(conn->db) == 1);
	PQfinish(conn->db);
	memcpy(conn->server, server->name, sizeof(conn->server));
	conn->db = PQconnectStart(server->conninfo);
	if (conn->db == NULL || PQstatus(conn->db) == CONNECTION_BAD)
		return (false);
	PQsetNoticeReceiver(conn->db, conn_log_notice, conn);
	return (true);
}

static bool
conn_to_next(struct db_conn *conn, uint64_t now)
{
	static struct server	 server;	/* too large for the stack */
	struct servers		*servers = conn->setup->servers;

	while (servers_next(servers, &conn->walk, &server)) {
		if (!conn_to(conn, &server)) {
			servers_ask(servers);
			conn_log_failure(conn, conn->db == NULL ?
			    "out of memory" : PQerrorMessage(conn->db));
			continue;
		}
		conn->state = CONN_CONNECTING;
		conn->deadline = now + (servers_are_several(servers) ?
		    NEXT_MS : CONNECT_MS);
		conn_watch(conn, EPOLLOUT);
		return (true);
	}
	return (false);
}

bool
conn_connect(struct db_conn *conn, uint64_t now)
{
	conn->state = CONN_DOWN;
	conn->passed_by = false;
	servers_begin(conn->setup->servers, &conn->walk);
	return (conn_to_next(conn, now));
}

/* Calls on_notify() once, for notifications missed before LISTEN. */
static void
conn_ready(struct db_conn *conn)
{
	log_event(LEVEL_DEBUG, NULL, "database", "connected");
	conn->setup->shared->in_outage = 0;
	conn->answers = false;
	conn->state = CONN_READY;
	conn->deadline = 0;
	conn->setup->on_ready(conn);
	if (conn->listening)
		conn->setup->on_notify();
}

static void
conn_listen(struct db_conn *conn)
{
	char	 sql[80];

	snprintf(sql, sizeof(sql), "LISTEN %s", conn->setup->channel);
	conn->listening = true;
	conn_send(conn, sql);
}

/*
 * Sends the settings and all statements at once, and a Sync: one round trip in
 * all. What the socket does not take is sent by the loop, which reads the
 * answers meanwhile: the server may wait for that.
 */
static void
conn_prepare(struct db_conn *conn)
{
	struct query	*const *q;
	int		 queued;

	conn->pipelined = true;
	queued = PQenterPipelineMode(conn->db);
	if (queued == 1)
		queued = PQsendQueryParams(conn->db, session_sql(), 0, NULL,
		    NULL, NULL, NULL, 0);
	for (q = conn->setup->queries; queued == 1 &&
	    q < conn->setup->queries_end; q++)
		queued = PQsendPrepare(conn->db, (*q)->name, (*q)->sql, 0,
		    NULL);
	conn_start(conn, queued == 1 ? PQpipelineSync(conn->db) : 0);
}

/* The Sync has ended: everything before it has succeeded. */
static void
conn_all_prepared(struct db_conn *conn)
{
	const char	*problem;

	conn->running = false;
	conn->pipelined = false;
	if (PQexitPipelineMode(conn->db) == 0)
		conn_lost(conn, PQerrorMessage(conn->db));
	else if ((problem = session_check_reported(conn->db)) != NULL)
		conn_lost(conn, problem);
	else if (conn->setup->channel != NULL)
		conn_listen(conn);
	else
		conn_ready(conn);
}

/*
 * A result in the pipeline; NULL comes after each but the Sync's. Only the
 * statement that sets the session has rows.
 */
static void
conn_prepared(struct db_conn *conn, PGresult *r)
{
	const char	*problem = NULL;

	if (r == NULL)
		return;
	conn->answers = true;
	if (PQresultStatus(r) == PGRES_PIPELINE_SYNC)
		conn_all_prepared(conn);
	else if (PQresultStatus(r) == PGRES_TUPLES_OK)
		problem = session_check_set(r);
	else if (PQresultStatus(r) != PGRES_COMMAND_OK)
		problem = session_failed(r);
	if (problem != NULL)
		conn_lost(conn, problem);
	PQclear(r);
}

static void
conn_connected(struct db_conn *conn)
{
	PQsetnonblocking(conn->db, 1);
	conn->state = CONN_PREPARING;
	conn->listening = false;
	conn_prepare(conn);
}

void
conn_adopt(struct db_conn *conn, PGconn *db, const char *server)
{
	conn->db = db;
	snprintf(conn->server, sizeof(conn->server), "%s", server);
	PQsetNoticeReceiver(db, conn_log_notice, conn);
	conn->deadline = kore_time_ms() + CONNECT_MS;
	conn_connected(conn);
}

/* The same as PQresetPoll(). It may go on with another socket. */
static void
conn_poll(struct db_conn *conn)
{
	conn->watched = 0;
	switch (PQconnectPoll(conn->db)) {
	case PGRES_POLLING_READING:
		conn_watch(conn, EPOLLIN);
		break;
	case PGRES_POLLING_WRITING:
		conn_watch(conn, EPOLLOUT);
		break;
	case PGRES_POLLING_OK:
		if (servers_are_several(conn->setup->servers))
			conn->deadline += CONNECT_MS - NEXT_MS;
		conn_connected(conn);
		break;
	default:
		conn_lost(conn, PQerrorMessage(conn->db));
	}
}

/* The statement has ended and its result is in conn->result. */
static void
conn_complete(struct db_conn *conn)
{
	conn->running = false;
	if (conn->state != CONN_PREPARING) {
		conn->deadline = 0;
		conn->setup->on_result(conn);
	} else if (PQresultStatus(conn->result) != PGRES_COMMAND_OK) {
		conn_lost(conn, PQresultErrorMessage(conn->result));
	} else {
		conn_drop_result(conn);
		conn_ready(conn);
	}
}

/* Keeps the first error, or the last result if there is none. */
static void
conn_keep_result(struct db_conn *conn, PGresult *r)
{
	if (conn->result != NULL &&
	    PQresultStatus(conn->result) == PGRES_FATAL_ERROR) {
		PQclear(r);
		return;
	}
	conn_drop_result(conn);
	conn->result = r;
}

static void
conn_notifications(struct db_conn *conn)
{
	PGnotify	*n;

	while ((n = PQnotifies(conn->db)) != NULL) {
		PQfreemem(n);
		if (conn->state != CONN_PREPARING)
			conn->setup->on_notify();
	}
}

static void
conn_read_results(struct db_conn *conn)
{
	PGresult	*r;

	if (conn->listening)
		conn_notifications(conn);
	while (conn->running && PQisBusy(conn->db) == 0) {
		r = PQgetResult(conn->db);
		if (r == NULL && PQstatus(conn->db) == CONNECTION_BAD)
			conn_lost(conn, PQerrorMessage(conn->db));
		else if (conn->pipelined)
			conn_prepared(conn, r);
		else if (r != NULL)
			conn_keep_result(conn, r);
		else
			conn_complete(conn);
	}
	if (conn->state != CONN_DOWN && PQstatus(conn->db) == CONNECTION_BAD)
		conn_lost(conn, PQerrorMessage(conn->db));
}

/* libpq reads 8 KiB of a TLS record's 16: epoll does not see the rest. */
static bool
conn_has_rest(const struct db_conn *conn)
{
	SSL	*tls;

	if (conn->state == CONN_DOWN)
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
		conn_read_results(conn);
	} while (conn_has_rest(conn));
}

/* No coroutine runs here: the callbacks only mark coroutines runnable. */
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
	if (conn->state < CONN_PREPARING)	/* lost just now */
		return;
	if (error || flags & KORE_EVENT_READ)
		conn_read(conn);
}
