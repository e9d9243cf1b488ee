/* SPDX-License-Identifier: ISC */
/* Connections whose statement does not end, and those that take their place. */

/* sources: src/database/may_write.c */
/* sources: src/database/database_tick.c */
/* sources: src/database/servers.c */
/* sources: src/base/log_write.c */
/* sources: src/database/database_aside.c */
/* sources: src/database/database_pool.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */
/* defines: -Dclock_gettime=fake_clock */

#include "pool_fixture.h"

#include "database/slots.h"

#define UNAVAILABLE	"The database is unavailable"

/* A request whose statement does not end; returns its connection. */
static struct db_conn *
leave(unsigned i)
{
	struct user	*u = begin_with(i, true);
	struct db_conn	*conn = u->conn;

	assert_non_null(conn);
	pass(6000);
	assert_true(u->returned);
	give(u);
	assert_true(conn->running);
	return (conn);
}

/* The one that connects. */
static struct db_conn *
spare(void)
{
	unsigned	 i;

	for (i = 0; i < 2 * CONNS; i++) {
		if (conns.all[i]->state == CONN_CONNECTING)
			return (conns.all[i]);
	}
	return (NULL);
}

static void
check_gauges(unsigned ending, unsigned in_use, unsigned resting, unsigned down)
{
	database_tick(now);
	assert_int_equal(gauges.now.db_ending, ending);
	assert_int_equal(gauges.now.db_in_use, in_use);
	assert_int_equal(gauges.now.db_idle, resting);
	assert_int_equal(gauges.now.db_down, down);
}

/* Those that only read do not keep others from writing. */
static void
test_statements_that_only_read(void **state)
{
	struct db_conn	*a, *b;
	const char	*sql = pool_test_query.query.sql;

	(void)state;
	pool_test_query.query.sql = "SELECT pg_sleep(60)";
	a = leave(0);
	become_ready(spare());
	b = leave(1);
	assert_true(pool_takes_writes());
	pool_test_query.query.sql = sql;
	answer(a);
	answer(b);
}

static void
test_a_spare_one_takes_its_place(void **state)
{
	struct db_conn	*conn = leave(0), *other = spare();
	struct user	*a, *b;

	(void)state;
	assert_non_null(other);
	check_gauges(1, 0, 1, 1);
	become_ready(other);
	check_gauges(1, 0, 2, 0);
	a = begin(1);
	b = begin(2);
	assert_ptr_not_equal(a->conn, conn);
	assert_ptr_not_equal(b->conn, conn);
	check_gauges(1, 2, 0, 0);
	answer(conn);				/* nobody needs it */
	assert_int_equal(conns.closes, 1);
	assert_int_equal(conn->state, CONN_DOWN);
	check_gauges(0, 2, 0, 0);
	assert_null(spare());
	give(a);
	give(b);
}

/* The spare one is not there yet: the old one stays. */
static void
test_it_ends_before_the_spare_one_is_ready(void **state)
{
	struct db_conn	*conn = leave(0), *other = spare();
	struct user	*a = begin(1), *b = begin(2);

	(void)state;
	assert_null(b->conn);			/* it waits for a's */
	answer(conn);
	assert_ptr_equal(b->conn, conn);
	assert_int_equal(conns.closes, 1);
	assert_int_equal(other->state, CONN_DOWN);
	check_gauges(0, 2, 0, 0);
	give(a);
	give(b);
}

static void
test_it_ends_in_a_transaction(void **state)
{
	struct db_conn	*conn = leave(0);

	(void)state;
	conns.in_transaction = true;
	answer(conn);
	assert_string_equal(conns.sent, "ROLLBACK");
	check_gauges(0, 1, 1, 0);
	answer(conn);
	conns.in_transaction = false;
	check_gauges(0, 0, 2, 0);
}

/* Of a pool of two, four may be in a statement that does not end. */
static void
test_they_are_bounded(void **state)
{
	struct db_conn	*left[2 * CONNS];
	unsigned	 i;

	(void)state;
	assert_true(pool_takes_writes());
	for (i = 0; i < 2 * CONNS; i++) {
		left[i] = leave(0);
		assert_false(pool_takes_writes());
		if (spare() != NULL)
			become_ready(spare());
	}
	check_gauges(2 * CONNS, 0, 0, 0);
	assert_refused(begin(0), UNAVAILABLE);	/* at once */
	pass(3600000);
	check_gauges(2 * CONNS, 0, 0, 0);
	for (i = 0; i < 2 * CONNS; i++) {
		assert_true(left[i]->running);
		answer(left[i]);
	}
	assert_int_equal(conns.closes, CONNS);
	assert_true(pool_takes_writes());
	check_gauges(0, 0, CONNS, 0);
}

/* Who waits for the last one that works is told at once when it is gone. */
static void
test_nobody_waits_for_them(void **state)
{
	struct user	*a = begin_with(0, true), *b, *c;
	struct db_conn	*first;

	(void)state;
	b = begin_with(1, true);
	first = b->conn;
	pass(5999);
	c = begin(2);
	pass(1);
	give(b);
	assert_non_null(c->c.coro);		/* a has one that works */
	give(a);
	assert_refused(c, UNAVAILABLE);
	assert_refused(begin(3), UNAVAILABLE);
	become_ready(spare());
	a = begin(0);
	assert_non_null(a->conn);
	give(a);
	answer(first);
	slots_drop_ending();
}

static void
test_it_is_lost(void **state)
{
	struct db_conn	*conn = leave(0), *other = spare();

	(void)state;
	become_ready(other);
	lose(conn);
	assert_int_equal(conns.closes, 1);
	assert_null(spare());			/* it is not opened again */
	check_gauges(0, 0, 2, 0);
}

static void
test_they_are_dropped(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2 * CONNS; i++) {
		leave(0);
		if (spare() != NULL)
			become_ready(spare());
	}
	slots_drop_ending();
	check_gauges(0, 0, 0, CONNS);		/* these connect anew */
	assert_int_equal(conns.closes, CONNS);
}

/* The next server may have what the old one did not. */
static void
test_a_server_that_is_read_only(void **state)
{
	(void)state;
	leave(0);
	assert_true(pool_renew_read_only(NULL));
	check_gauges(0, 0, 0, CONNS);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_statements_that_only_read),
		TEST(test_a_spare_one_takes_its_place),
		TEST(test_it_ends_before_the_spare_one_is_ready),
		TEST(test_it_ends_in_a_transaction),
		TEST(test_they_are_bounded),
		TEST(test_nobody_waits_for_them),
		TEST(test_it_is_lost),
		TEST(test_they_are_dropped),
		TEST(test_a_server_that_is_read_only),
	};

	return (cmocka_run_group_tests_name("database_aside", tests,
	    setup_pool, NULL));
}
