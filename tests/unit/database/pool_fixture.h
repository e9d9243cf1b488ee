/* SPDX-License-Identifier: ISC */
/* What the tests of the pool alone share: connections without a server. */

#ifndef TESTS_DATABASE_POOL_FIXTURE_H
#define TESTS_DATABASE_POOL_FIXTURE_H

#include "pool_requests.h"

#include "base/log.h"
#include "servers_fixture.h"

static struct servers	*servers;

/* The connections, without PostgreSQL. */
static struct {
	struct db_conn	*all[2 * CONNS];	/* also the spare ones */
	unsigned	 connects[2 * CONNS];
	unsigned	 closes;
	unsigned	 n;
	bool		 in_transaction;
	bool		 reachable;
	const char	*sent;		/* last; prepared: its name */
} conns;

int
kore_pgsql_register(const char *name, const char *info)
{
	(void)name;
	(void)info;
	return (KORE_RESULT_OK);
}

void
kore_pgsql_init(struct kore_pgsql *sql)
{
	static struct pgsql_conn	 none;

	memset(sql, 0, sizeof(*sql));
	sql->conn = &none;
}

int
kore_pgsql_setup(struct kore_pgsql *sql, const char *name, int flags)
{
	char	 error[] = "none";

	(void)name;
	(void)flags;
	sql->error = error;
	return (conns.reachable ? KORE_RESULT_OK : KORE_RESULT_ERROR);
}

void
kore_pgsql_cleanup(struct kore_pgsql *sql)
{
	(void)sql;
}

/* conn.h */

void
conn_init(struct db_conn *conn, const struct conn_setup *setup)
{
	conn->setup = setup;
	conns.all[conns.n++] = conn;
}

void
conn_adopt(struct db_conn *conn, PGconn *db, const char *server)
{
	(void)db;
	snprintf(conn->server, sizeof(conn->server), "%s", server);
	conn->state = CONN_PREPARING;
}

bool
conn_connect(struct db_conn *conn, uint64_t when)
{
	snprintf(conn->server, sizeof(conn->server), "db");
	unsigned	 i;

	(void)when;
	for (i = 0; conns.all[i] != conn; i++)
		;
	conns.connects[i]++;
	conn->state = CONN_CONNECTING;
	return (true);
}

void
conn_lost(struct db_conn *conn, const char *why)
{
	bool	 was_ready = conn_is_ready(conn);

	(void)why;
	conn->state = CONN_DOWN;
	conn->running = false;
	conn->setup->on_lost(conn, was_ready);
}

void
conn_close(struct db_conn *conn)
{
	conns.closes++;
	conn->state = CONN_DOWN;
	conn->running = false;
}

void
conn_tick(struct db_conn *conn, uint64_t when)
{
	if (conn->deadline != 0 && conn->deadline <= when)
		conn_lost(conn, "late");
}

void
conn_send(struct db_conn *conn, const char *sql)
{
	conns.sent = sql;
	conn->running = true;
}

void
conn_send_prepared(struct db_conn *conn, const struct query *q,
    const char *const *params, size_t nparams)
{
	(void)params;
	(void)nparams;
	conn_send(conn, q->name);
}

PGresult *
conn_result(struct db_conn *conn)
{
	PGresult	*r = conn->result;

	conn->result = NULL;
	return (r);
}

bool
conn_is_ready(const struct db_conn *conn)
{
	return (conn->state == CONN_READY);
}

bool
conn_is_in_transaction(const struct db_conn *conn)
{
	(void)conn;
	return (conns.in_transaction);
}

/* What connections do by themselves. */

static void
become_ready(struct db_conn *conn)
{
	conn->state = CONN_READY;
	conn->setup->on_ready(conn);
	coro_run();
}

static void
answer(struct db_conn *conn)
{
	conn->running = false;
	conn->deadline = 0;
	conn->result = PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK);
	conn->setup->on_result(conn);
	coro_run();
}

static void
lose(struct db_conn *conn)
{
	conn_lost(conn, "the test says so");
	coro_run();
}

/* The pool lives as long as its process: so the tests share one. */
static int
setup_pool(void **state)
{
	(void)state;
	coro_init(USERS, schedule);
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	now = 1000000;
	conns.reachable = true;
	servers = one_server("db");
	database_worker_init(servers, CONNS, count_settled);
	return (0);
}

/* All are ready and idle, and it is later. */
static int
setup(void **state)
{
	unsigned	 i;

	(void)state;
	now += 60000;
	conns.in_transaction = false;
	conns.sent = NULL;
	conns.closes = 0;
	for (i = 0; i < 2 * CONNS; i++) {
		database_tick(now);
		while (conns.all[i]->state != CONN_DOWN &&
		    !conn_is_ready(conns.all[i]))	/* renewed again */
			become_ready(conns.all[i]);
	}
	memset(conns.connects, 0, sizeof(conns.connects));
	database_tick(now);
	return (gauges.now.db_idle == CONNS ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
