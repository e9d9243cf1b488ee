/* SPDX-License-Identifier: ISC */
/*
 * The connection pool of one worker: which request gets a connection, which
 * wait, and when a connection is renewed.
 */

#include <sys/types.h>
#include <sys/queue.h>

#include <kore/kore.h>
#include <kore/pgsql.h>

#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/log.h"
#include "base/metrics.h"
#include "database/conn.h"
#include "database/pool.h"
#include "database/slots.h"
#include "product.h"

#define ACQUIRE_MS	2000	/* to wait for a free connection */
#define QUERY_MS	6000	/* statement_timeout plus a second */
#define ROLLBACK_MS	2000
#define READ_ONLY_MS	1000	/* between renewals: pool_renew_read_only() */

struct waiter {
	struct ctx		*ctx;
	struct slot		*granted;
	bool			 refused;
	TAILQ_ENTRY(waiter)	 list;
};

static struct conn_shared	 common;
static struct conn_setup	 setup;
static unsigned			 generation;	/* see pool_renew() */
static void			(*on_settled)(void);
static TAILQ_HEAD(, slot)	 idle = TAILQ_HEAD_INITIALIZER(idle);
static TAILQ_HEAD(, waiter)	 waiters = TAILQ_HEAD_INITIALIZER(waiters);

static struct slot *
slot_of(struct db_conn *conn)
{
	return ((struct slot *)conn);
}

/*
 * Does any connection work, or will one soon? That it is connected says little
 * of one through a pooler: the server has to answer, too.
 */
static bool
is_worth_waiting(void)
{
	const struct slot	*s;

	for (s = slots; s < slots + nslots; s++) {
		if (s->use != ENDING && (s->renewing ||
		    conn_is_ready(&s->conn) || s->conn.answers))
			return (true);
	}
	return (false);
}

/* The first connection is ready, or connecting has failed. */
static void
tell_settled(void)
{
	void	(*fn)(void) = on_settled;

	on_settled = NULL;
	if (fn != NULL)
		fn();
}

static void
refuse_waiters(void)
{
	struct waiter	*w;

	while ((w = TAILQ_FIRST(&waiters)) != NULL) {
		TAILQ_REMOVE(&waiters, w, list);
		w->refused = true;
		coro_wake(w->ctx->coro);
	}
}

/*
 * The generation is set before it connects: after a pool_renew() meanwhile, the
 * connection is renewed again.
 */
void
slot_connect(struct slot *s, uint64_t now)
{
	s->use = UNUSABLE;
	s->generation = generation;
	if (!conn_connect(&s->conn, now))
		s->renewing = false;
}

void
slot_renew(struct slot *s)
{
	if (s->use == IDLE)
		TAILQ_REMOVE(&idle, s, list);
	s->renewing = true;
	slot_connect(s, kore_time_ms());
}

void
slot_outdate(struct slot *s)
{
	s->generation = generation - 1;
	if (s->use == IDLE)
		slot_renew(s);
}

static void
slot_grant(struct slot *s, struct ctx *c)
{
	s->use = HELD;
	s->holder = c;
}

/* It is ready: the request that has waited longest gets it, or it is idle. */
static void
slot_free(struct slot *s)
{
	struct waiter	*w;

	tell_settled();
	if (s->generation != generation) {
		slot_renew(s);
		return;
	}
	if ((w = TAILQ_FIRST(&waiters)) != NULL) {
		TAILQ_REMOVE(&waiters, w, list);
		slot_grant(s, w->ctx);
		w->granted = s;
		coro_wake(w->ctx->coro);
		return;
	}
	s->use = IDLE;
	TAILQ_INSERT_HEAD(&idle, s, list);
}

/* No request has it, and no statement runs. */
static void
slot_return(struct slot *s)
{
	struct db_conn	*conn = &s->conn;

	if (!conn_is_in_transaction(conn)) {
		slot_free(s);
		return;
	}
	s->use = ROLLING_BACK;
	conn->deadline = kore_time_ms() + ROLLBACK_MS;
	conn_send(conn, "ROLLBACK");
}

/* The callbacks of a connection. */

/* Is there one on the server that works? */
static bool
is_any_there(void)
{
	const struct slot	*s;

	for (s = slots; s < slots + nslots; s++) {
		if (conn_is_ready(&s->conn) &&
		    !servers_has_other(setup.servers, s->conn.server))
			return (true);
	}
	return (false);
}

/*
 * A pooler without a connection for this one may have enough for the others:
 * then they stay where they are, and so does this one.
 */
static void
conn_became_ready(struct db_conn *conn)
{
	bool	 moves;

	moves = !conn->passed_by || !is_any_there();
	if (moves)
		conn->passed_by = false;
	if (moves && servers_works(setup.servers, conn->server))
		log_event(LEVEL_WARNING, NULL, "database",
		    "the database is at %s now", conn->server);
	slot_free(slot_of(conn));
}

static void
conn_has_result(struct db_conn *conn)
{
	struct slot	*s = slot_of(conn);

	if (s->use == HELD) {
		coro_wake(s->holder->coro);
		return;
	}
	PQclear(conn_result(conn));
	if (s->use == ROLLING_BACK)
		slot_free(s);
	else if (slot_ended(s))
		slot_return(s);
}

/*
 * A connection that worked reconnects at once, unless a request still holds it,
 * or another one has taken its place. One that could not connect waits for the
 * tick.
 */
static void
conn_was_lost(struct db_conn *conn, bool was_ready)
{
	struct slot	*s = slot_of(conn);

	if (s->use == IDLE)
		TAILQ_REMOVE(&idle, s, list);
	s->renewing = false;
	if (s->holder != NULL)
		coro_wake(s->holder->coro);
	else if (s->use == ENDING && slots_are_complete())
		slot_close(s);
	else if (was_ready)
		slot_connect(s, kore_time_ms());
	if (!is_worth_waiting())
		refuse_waiters();
	tell_settled();
}

/* For requests. */

struct db_conn *
pool_take(struct ctx *c)
{
	struct waiter	 w = { .ctx = c };
	struct slot	*s;

	if ((s = TAILQ_FIRST(&idle)) != NULL) {
		TAILQ_REMOVE(&idle, s, list);
		slot_grant(s, c);
		return (&s->conn);
	}
	if (!is_worth_waiting())
		raise_error(c, &ERR_UNAVAILABLE, "The database is unavailable");

	TAILQ_INSERT_TAIL(&waiters, &w, list);
	while (w.granted == NULL && !w.refused && ctx_wait(c, ACQUIRE_MS))
		;
	if (w.granted != NULL)
		return (&w.granted->conn);
	if (!w.refused)
		TAILQ_REMOVE(&waiters, &w, list);
	raise_error(c, &ERR_UNAVAILABLE, w.refused ?
	    "The database is unavailable" : "The database is busy");
}

void
pool_give(struct db_conn *conn)
{
	struct slot	*s = slot_of(conn), *spare;
	struct ctx	*c = s->holder;

	s->holder = NULL;
	if (!conn_is_ready(conn))
		slot_connect(s, kore_time_ms());
	else if (!conn->running)
		slot_return(s);
	else {
		spare = slot_set_aside(s, c->request_id);
		if (spare != NULL)
			slot_connect(spare, kore_time_ms());
		if (!is_worth_waiting())
			refuse_waiters();
	}
}

PGresult *
pool_run(struct ctx *c, struct db_conn *conn, const struct query *prepared,
    const char *sql, const char *const *params, size_t nparams)
{
	if (!conn_is_ready(conn) || ctx_expired(c))
		return (NULL);
	conn->query = prepared;
	conn->sql = sql;
	if (fault_hit(FAULT_QUERY))
		conn_send(conn, "SELECT no_such_function()");
	else if (prepared != NULL)
		conn_send_prepared(conn, prepared, params, nparams);
	else
		conn_send(conn, sql);
	while (conn->running && ctx_wait(c, QUERY_MS))
		;
	return (conn->running ? NULL : conn_result(conn));
}

bool
pool_is_unreplicated(const struct db_conn *conn)
{
	return (conn->unreplicated && !conn->running);
}

/* Is it older than the last renewal, so that another one is not needed? */
static bool
is_outdated(const struct db_conn *conn)
{
	return (conn != NULL &&
	    ((const struct slot *)conn)->generation != generation);
}

static void
renew_all(const char *why)
{
	struct slot	*s;

	log_event(LEVEL_WARNING, NULL, "database", "%s", why);
	generation++;
	while ((s = TAILQ_FIRST(&idle)) != NULL)
		slot_renew(s);
}

void
pool_renew(const struct db_conn *conn)
{
	if (!is_outdated(conn))
		renew_all("the schema has changed: preparing every statement "
		    "anew");
}

bool
pool_renew_read_only(const struct db_conn *conn)
{
	static uint64_t	 next;
	uint64_t	 now = kore_time_ms();

	if (is_outdated(conn))
		return (true);
	if (now < next)
		return (false);
	next = now + READ_ONLY_MS;
	servers_avoid(setup.servers, conn != NULL ? conn->server : NULL);
	renew_all("the database is read-only: connecting anew");
	slots_drop_ending();
	return (true);
}

/* For the worker process. */

void
database_listen(const char *channel, void (*told)(void))
{
	setup.channel = channel;
	setup.on_notify = told;
}

/*
 * Returns false if it cannot reach the database at this server. Else waiting is
 * worth it: the worker serves from the start.
 */
static bool
slot_open(struct slot *s, const char *server)
{
	struct kore_pgsql	 sql;

	kore_pgsql_init(&sql);
	if (!kore_pgsql_setup(&sql, PRODUCT, KORE_PGSQL_SYNC)) {
		log_event(LEVEL_WARNING, NULL, "database",
		    "cannot connect: %.*s", (int)strcspn(sql.error, "\n"),
		    sql.error);
		kore_pgsql_cleanup(&sql);
		return (false);
	}
	s->renewing = true;
	conn_adopt(&s->conn, sql.conn->db, server);
	return (true);
}

void
database_worker_init(struct servers *servers, unsigned pool,
    void (*fn)(void))
{
	static struct server	 server;	/* too large for the stack */
	struct servers_walk	 walk;
	struct slot		*s;
	size_t			 n;

	pool_size = pool;
	nslots = 2 * pool;
	on_settled = fn;
	if ((slots = calloc(nslots, sizeof(*slots))) == NULL)
		fatal("cannot allocate the database pool");
	setup.servers = servers;
	setup.queries = database_queries(&n);
	setup.queries_end = setup.queries + n;
	setup.name = "a connection";
	setup.shared = &common;
	setup.on_ready = conn_became_ready;
	setup.on_result = conn_has_result;
	setup.on_lost = conn_was_lost;
	pgsql_conn_max = (u_int16_t)pool;
	do
		servers_begin(servers, &walk);
	while (!servers_next(servers, &walk, &server));
	kore_pgsql_register(PRODUCT, server.conninfo);

	for (s = slots; s < slots + nslots; s++)
		conn_init(&s->conn, &setup);
	for (s = slots; s < slots + pool_size; s++)
		s->use = UNUSABLE;
	for (s = slots; s < slots + pool_size; s++) {
		if (!slot_open(s, server.name)) {
			tell_settled();
			break;	/* the tick retries, without blocking */
		}
	}
}
