/* SPDX-License-Identifier: ISC */
/* sources: src/database/database_pool.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */

/* Which request gets which connection, and when one connects anew. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <kore/kore.h>
#include <kore/pgsql.h>

#include "base/log.h"
#include "base/metrics.h"
#include "database/conn.h"
#include "database/pool.h"

#define CONNS	2
#define USERS	4

/* A request: it takes a connection, and gives it back when it is told to. */
struct user {
	struct ctx	 c;
	struct db_conn	*conn;
	bool		 runs;		/* a statement, at once */
	bool		 ran;		/* and its result is there */
	bool		 give;
};

/* The connections, without PostgreSQL. */
static struct {
	struct db_conn	*all[CONNS];
	unsigned	 connects[CONNS];
	unsigned	 n;
	bool		 in_transaction;
	bool		 reachable;
	const char	*sent;		/* last; prepared: its name */
} conns;

static struct user		users[USERS];
static struct worker_metrics	gauges;
static uint64_t			now;
static unsigned			settled;

struct worker_metrics	*metrics = &gauges;
u_int16_t		 pgsql_conn_max;
const struct model	 none_model = { .name = "none" };

QUERY(pool_test, query, none);

/* Kore. */

void
fatal(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

u_int64_t
kore_time_ms(void)
{
	return (now);
}

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
conn_adopt(struct db_conn *conn, PGconn *db)
{
	(void)db;
	conn->state = CONN_PREPARING;
}

bool
conn_connect(struct db_conn *conn, uint64_t when)
{
	(void)when;
	conns.connects[conn == conns.all[0] ? 0 : 1]++;
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

/* Requests. */

static void	use_connection(void *) AWAITS;

static void
use_connection(void *arg)
{
	struct user	*u = arg;
	PGresult	*r;

	u->conn = pool_take(&u->c);
	if (u->runs) {
		r = pool_run(&u->c, u->conn, &pool_test_query.query, NULL,
		    NULL, 0);
		u->ran = r != NULL;
		PQclear(r);
	}
	while (!u->give)
		ctx_wait(&u->c, 3600000);
	pool_give(u->conn);
	u->conn = NULL;
}

static void
user_done(void *arg)
{
	struct user	*u = arg;

	coro_free(u->c.coro);
	u->c.coro = NULL;
	arena_free(&u->c.arena, false);
}

static struct user *
begin_with(unsigned i, bool runs)
{
	struct user	*u = &users[i];

	memset(u, 0, sizeof(*u));
	u->runs = runs;
	u->c.coro = coro_new(use_connection, user_done, u);
	assert_non_null(u->c.coro);
	coro_wake(u->c.coro);
	coro_run();
	return (u);
}

static struct user *
begin(unsigned i)
{
	return (begin_with(i, false));
}

static void
give(struct user *u)
{
	u->give = true;
	coro_wake(u->c.coro);
	coro_run();
}

static void
assert_refused(const struct user *u, const char *message)
{
	assert_null(u->c.coro);
	assert_ptr_equal(u->c.error.kind, &ERR_UNAVAILABLE);
	assert_string_equal(u->c.error.message, message);
}

static void
schedule(void)
{
}

static void
count_settled(void)
{
	settled++;
}

/* The pool lives as long as its process: so the tests share one. */
static int
setup_pool(void **state)
{
	(void)state;
	coro_init(USERS, schedule);
	log_init(LEVEL_ERROR + 1);
	now = 1000000;
	conns.reachable = true;
	database_worker_init("", CONNS, count_settled);
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
	for (i = 0; i < CONNS; i++) {
		if (!conn_is_ready(conns.all[i]))
			become_ready(conns.all[i]);
	}
	memset(conns.connects, 0, sizeof(conns.connects));
	database_tick(now);
	return (gauges.db_idle == CONNS ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

static void
test_the_first_that_is_ready_settles_it(void **state)
{
	(void)state;
	assert_int_equal(settled, 0);
	become_ready(conns.all[0]);
	assert_int_equal(settled, 1);
	become_ready(conns.all[1]);
	assert_int_equal(settled, 1);
}

static void
test_first_come_first_served(void **state)
{
	struct user	*a, *b, *c, *d;

	(void)state;
	a = begin(0);
	b = begin(1);
	c = begin(2);
	d = begin(3);
	assert_non_null(a->conn);
	assert_non_null(b->conn);
	assert_ptr_not_equal(a->conn, b->conn);
	assert_null(c->conn);
	database_tick(now);
	assert_int_equal(gauges.db_in_use, 2);

	give(b);
	assert_non_null(c->conn);
	assert_null(d->conn);
	give(a);
	assert_non_null(d->conn);
	give(c);
	give(d);
}

/* And is not given a connection afterwards. */
static void
test_a_request_whose_time_is_over_waits_no_longer(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin(2);

	(void)state;
	c->c.deadline = 1;
	coro_wake(c->c.coro);
	coro_run();
	assert_refused(c, "The database is busy");
	give(a);
	database_tick(now);
	assert_int_equal(gauges.db_idle, 1);
	give(b);
}

static void
test_a_transaction_left_open_is_rolled_back(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin(2);
	struct db_conn	*conn = a->conn;

	(void)state;
	conns.in_transaction = true;
	give(a);
	assert_string_equal(conns.sent, "ROLLBACK");
	assert_null(c->conn);
	answer(conn);
	assert_ptr_equal(c->conn, conn);
	assert_null(conn->result);
	conns.in_transaction = false;
	give(b);
	give(c);
}

static void
test_a_rollback_that_is_not_answered(void **state)
{
	struct user	*a = begin(0);
	struct db_conn	*conn = a->conn;

	(void)state;
	conns.in_transaction = true;
	give(a);
	database_tick(now + 1999);
	assert_true(conn_is_ready(conn));
	database_tick(now + 2000);
	assert_int_equal(conn->state, CONN_CONNECTING);
	conn->deadline = 0;
}

static void
test_a_statement(void **state)
{
	struct user	*a = begin_with(0, true);

	(void)state;
	assert_string_equal(conns.sent, "pool_test.query");
	assert_false(a->ran);
	answer(a->conn);
	assert_true(a->ran);
	give(a);
}

/* Nobody else can be given it, and it does not connect under its request. */
static void
test_one_that_is_held_is_lost(void **state)
{
	struct user	*a = begin_with(0, true);
	unsigned	 i = a->conn == conns.all[0] ? 0 : 1;

	(void)state;
	lose(a->conn);
	assert_false(a->ran);
	database_tick(now);
	assert_int_equal(conns.connects[i], 0);
	give(a);
	assert_int_equal(conns.connects[i], 1);
}

static void
test_an_idle_one_that_is_lost_connects_at_once(void **state)
{
	struct user	*a, *b;

	(void)state;
	lose(conns.all[0]);
	assert_int_equal(conns.connects[0], 1);
	a = begin(0);
	assert_ptr_equal(a->conn, conns.all[1]);
	b = begin(1);
	assert_null(b->conn);
	become_ready(conns.all[0]);
	assert_ptr_equal(b->conn, conns.all[0]);
	give(a);
	give(b);
}

static void
test_nobody_waits_in_vain(void **state)
{
	struct user	*a, *b, *c;

	(void)state;
	lose(conns.all[0]);
	a = begin(0);
	b = begin(1);
	assert_null(b->conn);
	lose(a->conn);			/* held, and the last that worked */
	assert_refused(b, "The database is unavailable");
	c = begin(2);
	assert_refused(c, "The database is unavailable");
	give(a);
	lose(conns.all[0]);		/* it could not even connect */
	assert_int_equal(conns.connects[0], 1);
	database_tick(now);
	assert_int_equal(conns.connects[0], 2);
	assert_int_equal(gauges.db_down, 2);
}

static void
test_a_new_schema(void **state)
{
	struct user	*a = begin(0);
	struct db_conn	*conn = a->conn, *other;
	unsigned	 i = conn == conns.all[0] ? 0 : 1;

	(void)state;
	other = conns.all[1 - i];
	pool_renew(conn);
	assert_int_equal(conns.connects[1 - i], 1);
	pool_renew(conn);			/* it shows nothing new */
	assert_int_equal(conns.connects[i], 0);
	assert_int_equal(conns.connects[1 - i], 1);
	become_ready(other);
	assert_int_equal(conns.connects[1 - i], 1);
	give(a);				/* now it may go, too */
	assert_int_equal(conns.connects[i], 1);
	database_tick(now);
	assert_int_equal(gauges.db_idle, 1);
}

/* While it connects anew, waiting is worth it: it was no outage. */
static void
test_requests_wait_for_a_renewal(void **state)
{
	struct user	*a;

	(void)state;
	pool_renew(NULL);
	assert_int_equal(conns.connects[0], 1);
	assert_int_equal(conns.connects[1], 1);
	a = begin(0);
	assert_null(a->conn);
	become_ready(conns.all[1]);
	assert_ptr_equal(a->conn, conns.all[1]);
	give(a);
}

/* It may have connected to the server that the renewal is about. */
static void
test_a_renewal_while_it_connects(void **state)
{
	(void)state;
	lose(conns.all[0]);
	pool_renew(NULL);
	become_ready(conns.all[0]);
	assert_int_equal(conns.connects[0], 2);
	assert_int_equal(conns.all[0]->state, CONN_CONNECTING);
}

static void
test_read_only_servers_are_left_once_a_second(void **state)
{
	(void)state;
	assert_true(pool_renew_read_only(conns.all[0]));
	assert_int_equal(conns.connects[0], 1);
	become_ready(conns.all[0]);
	assert_false(pool_renew_read_only(conns.all[0]));
	now += 1000;
	assert_true(pool_renew_read_only(conns.all[0]));
	assert_int_equal(conns.connects[0], 2);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_the_first_that_is_ready_settles_it),
		TEST(test_first_come_first_served),
		TEST(test_a_request_whose_time_is_over_waits_no_longer),
		TEST(test_a_transaction_left_open_is_rolled_back),
		TEST(test_a_rollback_that_is_not_answered),
		TEST(test_a_statement),
		TEST(test_one_that_is_held_is_lost),
		TEST(test_an_idle_one_that_is_lost_connects_at_once),
		TEST(test_nobody_waits_in_vain),
		TEST(test_a_new_schema),
		TEST(test_requests_wait_for_a_renewal),
		TEST(test_a_renewal_while_it_connects),
		TEST(test_read_only_servers_are_left_once_a_second),
	};

	return (cmocka_run_group_tests_name("database_pool", tests,
	    setup_pool, NULL));
}
