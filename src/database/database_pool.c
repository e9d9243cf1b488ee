/* SPDX-License-Identifier: ISC */
/*
 * One worker's connections: who gets which, who waits, who is told to give up.
 * What a connection goes through by itself is in database_conn.c.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/pgsql.h>

#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/log.h"
#include "base/metrics.h"
#include "database/conn.h"
#include "database/pool.h"
#include "product.h"

#define ACQUIRE_MS	2000	/* for a connection to become free */
#define QUERY_MS	6000	/* a second over statement_timeout */
#define ROLLBACK_MS	2000
#define READ_ONLY_MS	1000	/* between two renewals for that reason */

struct waiter {
	struct ctx		*ctx;
	struct db_conn		*conn;		/* granted */
	bool			 refused;
	TAILQ_ENTRY(waiter)	 list;
};

static struct db_conn		*conns;
static unsigned			 nconns;
static unsigned			 generation;	/* see pool_renew() */
static void			(*on_settled)(void);
static TAILQ_HEAD(, db_conn)	 idle = TAILQ_HEAD_INITIALIZER(idle);
static TAILQ_HEAD(, waiter)	 waiters = TAILQ_HEAD_INITIALIZER(waiters);

/* Is waiting for a connection worth it? */
static bool
any_hope(void)
{
	unsigned	 i;

	for (i = 0; i < nconns; i++) {
		if (conn_works(&conns[i]) || conns[i].renewing ||
		    conns[i].state == CONN_PREPARING)
			return (true);
	}
	return (false);
}

/* The first connection stands, or it is clear that none does for now. */
static void
settled(void)
{
	void	(*fn)(void) = on_settled;

	on_settled = NULL;
	if (fn != NULL)
		fn();
}

/* Nobody works any more: those who wait need not wait longer. */
static void
refuse_waiters(void)
{
	struct waiter	*w;

	if (any_hope())
		return;
	while ((w = TAILQ_FIRST(&waiters)) != NULL) {
		TAILQ_REMOVE(&waiters, w, list);
		w->refused = true;
		coro_wake(w->ctx->coro);
	}
}

void
pool_remove(struct db_conn *conn)
{
	TAILQ_REMOVE(&idle, conn, list);
}

unsigned
pool_generation(void)
{
	return (generation);
}

void
pool_conn_lost(void)
{
	refuse_waiters();
	settled();
}

/* To the one who has waited longest, or to the idle ones. */
void
pool_conn_free(struct db_conn *conn)
{
	struct waiter	*w;

	conn->owner = NULL;
	conn->lost = false;
	conn->renewing = false;
	conn->deadline = 0;
	settled();
	if (conn->generation != generation) {
		conn_renew(conn);
		return;
	}
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
		pool_conn_free(conn);
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

/* Did it show only what the last renewal is about? */
static bool
is_outdated(const struct db_conn *conn)
{
	return (conn != NULL && conn->generation != generation);
}

static void
renew_all(const char *why)
{
	struct db_conn	*conn, *next;

	log_event(LEVEL_WARNING, NULL, "database", "%s", why);
	generation++;
	for (conn = TAILQ_FIRST(&idle); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, list);
		conn_renew(conn);
	}
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
	renew_all("the database is read-only: connecting anew");
	return (true);
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
	if (!any_hope())
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

	if (conn->lost || ctx_expired(c))
		return (NULL);
	if (fault_hit(FAULT_QUERY))
		sent = PQsendQuery(conn->db, "SELECT no_such_function()");
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
database_worker_init(const char *info, unsigned pool, void (*fn)(void))
{
	struct kore_pgsql	 sql;
	unsigned		 i;

	nconns = pool;
	on_settled = fn;
	if ((conns = calloc(pool, sizeof(*conns))) == NULL)
		fatal("cannot allocate the database pool");
	pgsql_conn_max = (u_int16_t)pool;
	kore_pgsql_register(PRODUCT, info);

	for (i = 0; i < pool; i++)
		conn_init(&conns[i], info);
	for (i = 0; i < pool; i++) {
		kore_pgsql_init(&sql);
		if (!kore_pgsql_setup(&sql, PRODUCT, KORE_PGSQL_SYNC)) {
			log_event(LEVEL_WARNING, NULL, "database",
			    "cannot connect: %.*s",
			    (int)strcspn(sql.error, "\n"), sql.error);
			kore_pgsql_cleanup(&sql);
			settled();
			break;	/* the tick tries again, without blocking */
		}
		conn_adopt(&conns[i], sql.conn->db);
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
