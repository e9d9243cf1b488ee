/* SPDX-License-Identifier: ISC */
/*
 * How one connection becomes ready: it tries one server after the other, sets
 * its session, prepares every statement, and listens if it should.
 */

#include <sys/types.h>
#include <sys/epoll.h>

#include <kore/kore.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "database/conn.h"
#include "database/conn_steps.h"
#include "database/session.h"
#include "database/unreplicated.h"

#define CONNECT_MS	4000	/* to connect and prepare */
#define NEXT_MS		2000	/* to connect, if another server waits */

/* Without this, libpq writes the text to standard error. */
static void
conn_notice(void *arg, const PGresult *notice)
{
	struct db_conn	*conn = arg;
	const char	*text;

	if (tells_unreplicated(notice)) {
		conn->unreplicated = true;
		return;
	}
	text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	if (text == NULL)		/* it is libpq's own */
		text = PQresultErrorMessage(notice);
	log_event(LEVEL_WARNING, NULL, "database", "PostgreSQL notes: %.*s",
	    (int)strcspn(text, "\n"), text);
}

/* Returns false if it cannot start, as on a Unix socket that nobody serves. */
static bool
conn_to(struct db_conn *conn, const struct server *server)
{
	if (conn->db != NULL && strcmp(conn->server, server->name) == 0)
		return (PQresetStart(conn->db) == 1);
	PQfinish(conn->db);
	memcpy(conn->server, server->name, sizeof(conn->server));
	conn->db = PQconnectStart(server->conninfo);
	if (conn->db == NULL || PQstatus(conn->db) == CONNECTION_BAD)
		return (false);
	PQsetNoticeReceiver(conn->db, conn_notice, conn);
	return (true);
}

bool
conn_to_next(struct db_conn *conn, uint64_t now)
{
	static struct server	 server;	/* too large for the stack */
	struct servers		*servers = conn->setup->servers;

	while (servers_next(servers, &conn->walk, &server)) {
		if (!conn_to(conn, &server)) {
			conn_failed(conn, conn->db == NULL ? "out of memory" :
			    PQerrorMessage(conn->db));
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
	servers_begin(conn->setup->servers, &conn->walk);
	return (conn_to_next(conn, now));
}

/* Calls on_notify() once, for notifications missed before LISTEN. */
static void
conn_ready(struct db_conn *conn)
{
	log_event(LEVEL_DEBUG, NULL, "database", "connected");
	conn->setup->shared->in_outage = 0;
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
 * Sends the settings and all statements at once, and a Sync: that takes one
 * round trip in all. What the socket does not take is sent by the loop, which reads the answers
 * meanwhile: the server may wait for that before it reads more.
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
void
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
	conn->answers = false;
	conn_prepare(conn);
}

void
conn_adopt(struct db_conn *conn, PGconn *db, const char *server)
{
	conn->db = db;
	snprintf(conn->server, sizeof(conn->server), "%s", server);
	PQsetNoticeReceiver(db, conn_notice, conn);
	conn->deadline = kore_time_ms() + CONNECT_MS;
	conn_connected(conn);
}

/* PQresetPoll() does the same as PQconnectPoll(). */
void
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
		if (servers_are_several(conn->setup->servers))
			conn->deadline += CONNECT_MS - NEXT_MS;
		conn_connected(conn);
		break;
	default:
		conn_lost(conn, PQerrorMessage(conn->db));
	}
}
