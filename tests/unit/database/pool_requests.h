/* SPDX-License-Identifier: ISC */
/* What the tests of the pool share: requests that take connections. */

#ifndef TESTS_DATABASE_POOL_REQUESTS_H
#define TESTS_DATABASE_POOL_REQUESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <kore/kore.h>
#include <kore/pgsql.h>

#include "base/metrics.h"
#include "database/conn.h"
#include "database/pool.h"

#include "fakes/clock_fake.h"

#define CONNS	2
#define USERS	4

/* A request: it takes a connection, and gives it back when it is told to. */
struct user {
	struct ctx	 c;
	struct db_conn	*conn;
	bool		 runs;		/* a statement, at once */
	bool		 ran;		/* and its result is there */
	bool		 returned;	/* or there will be none */
	bool		 give;
};

static struct user		users[USERS];
static struct worker_metrics	gauges;
static unsigned			settled;

struct worker_metrics	*metrics = &gauges;
u_int16_t		 pgsql_conn_max;
struct schema		 none_schema = { .name = "none", .size = 1 };

QUERY(pool_test, query, none);

struct query *const *
database_queries(size_t *n)
{
	static struct query	*const all[] = { &pool_test_query.query };

	*n = 1;
	pool_test_query.query.sql = "UPDATE things";
	return (all);
}

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
		u->returned = true;
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

static inline void
assert_refused(const struct user *u, const char *message)
{
	assert_null(u->c.coro);
	assert_ptr_equal(u->c.error.kind, &ERR_UNAVAILABLE);
	assert_string_equal(u->c.error.message, message);
}

/* Kore's loop, some time later: the timers, then the coroutines. */
static inline void
pass(uint64_t ms)
{
	now += ms;
	coro_tick(now);
	database_tick(now);
	coro_run();
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

#endif
