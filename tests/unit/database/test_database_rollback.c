/* SPDX-License-Identifier: ISC */
/* Rollbacks and renewals, when the server answers and when it does not. */

/* sources: src/database/may_write.c */
/* sources: src/database/conn_log.c */
/* sources: src/database/database_tick.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_aside.c */
/* sources: src/database/database_pool.c src/database/database_conn.c */
/* sources: src/request/ctx.c src/request/raise.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/error_kinds.c */
/* sources: src/base/faults.c tests/unit/fakes/libpq_fake.c */
/* defines: -Dclock_gettime=fake_clock */

#include "outage_fixture.h"

static PGconn *
roll_back(unsigned i)
{
	struct user	*a = begin(i);
	PGconn		*db = db_of(a);

	db->transaction = PQTRANS_INERROR;
	fake_heard();
	give(a);
	return (db);
}

static void
test_a_rollback_has_two_seconds(void **state)
{
	struct user	*b, *c;
	PGconn		*db;

	(void)state;
	b = begin(1);
	db = roll_back(0);
	assert_heard("query(ROLLBACK)");
	pass(1999);
	check_gauges(2, 0, 0);
	c = begin(2);
	assert_int_equal(db->starts, 0);
	assert_null(c->conn);
	pass(1);
	assert_heard("warning(a connection was lost: it did not answer in "
	    "time) watch(edge) reset watch(out)");
	assert_int_equal(db->starts, 1);
	pass(1998);
	assert_non_null(c->c.coro);
	accept_it(db);
	assert_ptr_equal(db_of(c), db);
	give(b);
	give(c);
}

static void
test_a_rollback_ends_and_the_next_one_gets_it(void **state)
{
	struct user	*b = begin(1), *c;
	PGconn		*db = roll_back(0);

	(void)state;
	c = begin_with(2, true);
	assert_null(c->conn);
	pass(1999);
	db->transaction = PQTRANS_IDLE;
	answer(db);
	assert_ptr_equal(db_of(c), db);
	assert_false(c->ran);
	pass(5000);			/* that deadline is over */
	assert_int_equal(db->starts, 0);
	answer(db);
	assert_true(c->ran);
	give(b);
	give(c);
}

/* Nobody uses it: it connects at once, and who waits waits for that. */
static void
test_it_is_lost_during_a_rollback(void **state)
{
	struct user	*b = begin(1), *c;
	PGconn		*db = roll_back(0);

	(void)state;
	c = begin(2);
	close_it(db);
	assert_int_equal(db->starts, 1);
	assert_non_null(c->c.coro);
	close_it(db_of(b));
	assert_refused(c, UNAVAILABLE);
	give(b);
}

/* It has four seconds to connect then, not the rollback's two. */
static void
test_a_rollback_cannot_be_sent(void **state)
{
	struct user	*a = begin(0);
	PGconn		*db = db_of(a);

	(void)state;
	db->transaction = PQTRANS_INTRANS;
	db->refuses = true;
	give(a);
	assert_int_equal(db->starts, 1);
	pass(3999);
	assert_int_equal(db->starts, 1);
	pass(1);
	assert_int_equal(db->starts, 2);
}

/* The schema changes while it rolls back: it is renewed afterwards. */
static void
test_a_renewal_during_a_rollback(void **state)
{
	PGconn	*db = roll_back(0);

	(void)state;
	pool_renew(NULL);
	assert_int_equal(db->starts, 0);
	db->transaction = PQTRANS_IDLE;
	answer(db);
	assert_int_equal(db->starts, 1);
}

static void
test_renewals_are_logged(void **state)
{
	(void)state;
	pool_renew(NULL);
	assert_heard("warning(the schema has changed: preparing every "
	    "statement anew) reset watch(out) reset watch(out)");
	accept_it(one);
	accept_it(two);
	fake_heard();
	assert_true(pool_renew_read_only(NULL));
	assert_heard("warning(the database is read-only: connecting anew) "
	    "reset watch(out) reset watch(out)");
	accept_it(one);
	fake_heard();
	now += 999;
	assert_false(pool_renew_read_only(NULL));
	assert_heard("");
	now += 1;
	assert_true(pool_renew_read_only(NULL));
}

/* It is none then: nobody waits for it. */
static void
test_a_renewal_that_cannot_start(void **state)
{
	(void)state;
	fake_libpq.no_start = true;
	pool_renew(NULL);
	assert_refused(begin(0), UNAVAILABLE);
}

static void
test_a_renewal_fails_when_it_connects(void **state)
{
	struct user	*a;

	(void)state;
	pool_renew(NULL);
	a = begin(0);
	refuse_it(one);
	assert_non_null(a->c.coro);
	refuse_it(two);
	assert_refused(a, UNAVAILABLE);
	assert_refused(begin(1), UNAVAILABLE);
}

static int
start_ready(void **state)
{
	start(state);
	prepare(one);
	prepare(two);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_a_rollback_has_two_seconds),
		TEST(test_a_rollback_ends_and_the_next_one_gets_it),
		TEST(test_it_is_lost_during_a_rollback),
		TEST(test_a_rollback_cannot_be_sent),
		TEST(test_a_renewal_during_a_rollback),
		TEST(test_renewals_are_logged),
		TEST(test_a_renewal_that_cannot_start),
		TEST(test_a_renewal_fails_when_it_connects),
	};

	return (cmocka_run_group_tests_name("database_rollback", tests,
	    start_ready, NULL));
}
