/* SPDX-License-Identifier: ISC */
/*
 * The pool and its connections together, on a server that is late, that closes
 * connections, that is gone and comes back.
 */

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

static void
test_the_start(void **state)
{
	(void)state;
	assert_int_equal(pgsql_conn_max, CONNS);
	assert_int_equal(fake_libpq.ndbs, CONNS);
	assert_int_equal(settled, 0);
	prepare(one);
	assert_int_equal(settled, 1);
	pass(TICK);
	check_gauges(0, 1, 1);
	prepare(two);
	assert_int_equal(settled, 1);
	pass(TICK);
	check_gauges(0, 2, 0);
}

/* At once when one that worked is lost, then one of them at each tick. */
static void
test_a_server_that_is_gone_and_comes_back(void **state)
{
	unsigned	 i;

	(void)state;
	close_it(one);
	close_it(two);
	assert_int_equal(one->starts, 1);
	assert_int_equal(two->starts, 1);
	assert_refused(begin(0), UNAVAILABLE);
	refuse_it(one);
	refuse_it(two);
	assert_refused(begin(0), UNAVAILABLE);
	for (i = 2; i < 6; i++) {
		assert_int_equal(one->starts, i - 1);
		pass(TICK);
		check_gauges(0, 0, 2);
		assert_int_equal(one->starts, i);
		assert_int_equal(two->starts, 1);
		refuse_it(one);
	}
	pass(TICK);
	accept_it(one);
	assert_int_equal(two->starts, 1);
	pass(TICK);
	assert_int_equal(two->starts, 2);
	check_gauges(0, 1, 1);
	assert_int_equal(settled, 1);
}

/* It may be up again before the others are connected. */
static void
test_requests_wait_for_one_that_prepares(void **state)
{
	struct user	*a, *b;

	(void)state;
	close_it(one);
	close_it(two);
	one->poll = PGRES_POLLING_OK;
	writable(one);
	assert_refused(begin(0), UNAVAILABLE);	/* a pooler may say that */
	fake_result(one, PGRES_COMMAND_OK, "");
	fake_end(one);
	readable(one);
	a = begin(0);
	b = begin(1);
	prepare(one);
	assert_ptr_equal(db_of(a), one);
	assert_null(b->conn);
	give(a);
	assert_ptr_equal(db_of(b), one);
	give(b);
}

/* Four seconds for each attempt, and the next one starts in the same tick. */
static void
test_a_server_that_accepts_and_says_nothing(void **state)
{
	unsigned	 i;

	(void)state;
	close_it(one);
	for (i = 1; i < 4; i++) {
		assert_int_equal(one->starts, i);
		one->poll = PGRES_POLLING_READING;
		writable(one);
		pass(3999);
		assert_int_equal(one->starts, i);
		pass(1);
	}
	assert_int_equal(one->starts, 4);
	assert_int_equal(two->starts, 0);
}

/* The connection cannot even start: a tick later it is tried again. */
static void
test_nothing_can_start_to_connect(void **state)
{
	(void)state;
	fake_libpq.no_start = true;
	close_it(one);
	close_it(two);
	assert_int_equal(one->starts, 1);
	assert_refused(begin(0), UNAVAILABLE);
	pass(TICK);
	assert_int_equal(one->starts, 2);
	check_gauges(0, 0, 2);
	fake_libpq.no_start = false;
	pass(TICK);
	accept_it(one);
	assert_int_equal(one->starts, 3);
}

/* Its answer comes later: nobody reads it, and nobody else gets it. */
static void
test_an_answer_after_the_deadline(void **state)
{
	struct user	*a = begin_with(0, true), *b;
	PGconn		*db = db_of(a);

	(void)state;
	assert_heard("execute(pool_test.query)");
	pass(6000);
	assert_heard("");
	assert_true(a->returned);
	assert_false(a->ran);
	b = begin(1);
	assert_ptr_not_equal(db_of(b), db);
	give(a);
	assert_heard("warning(a statement did not end in time: its connection "
	    "is set aside until it ends) connect(to=db) watch(out)");
	fake_notice(db, "SyncRepWaitForLSN", "translated");
	fake_result(db, PGRES_TUPLES_OK, "late");
	fake_end(db);
	readable(db);
	assert_heard("read warning(a statement that did not end in time: "
	    "committed here, but the synchronous standby may lack it: the "
	    "wait for it was ended) finish");
	assert_int_equal(db->starts, 0);
	a = begin_with(0, true);
	assert_ptr_equal(db_of(a), db);
	answer(db);
	assert_true(a->ran);
	give(a);
	give(b);
}

/* While it is used, with a statement under way: only that one fails. */
static void
test_one_that_is_used_is_closed(void **state)
{
	struct user	*a = begin_with(0, true), *b = begin_with(1, true), *c;
	PGconn		*db = db_of(a);

	(void)state;
	c = begin(2);
	assert_false(a->returned);
	close_it(db);
	assert_true(a->returned);		/* at once */
	assert_false(a->ran);
	pass(TICK);
	assert_int_equal(db->starts, 0);	/* a has it, still */
	assert_non_null(c->c.coro);		/* there is another */
	answer(db_of(b));
	assert_true(b->ran);
	give(a);
	assert_int_equal(db->starts, 1);
	accept_it(db);
	assert_ptr_equal(db_of(c), db);
	give(b);
	give(c);
}

/* The answer is there, and the end of the connection as well. */
static void
test_an_answer_and_the_end_at_once(void **state)
{
	struct user	*a = begin_with(0, true);
	PGconn		*db = db_of(a);

	(void)state;
	fake_result(db, PGRES_COMMAND_OK, "");
	fake_end(db);
	readable(db);
	db->closed = true;
	readable(db);
	coro_run();
	assert_false(a->ran);		/* it may have been the commit's */
	give(a);
	assert_int_equal(db->starts, 1);
}

/* It was given to a request, which has not run since. */
static void
test_one_that_was_just_given_is_lost(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin_with(2, true);
	PGconn		*db = db_of(a);

	(void)state;
	a->give = true;
	coro_resume(a->c.coro);
	assert_null(c->conn);
	db->closed = true;
	readable(db);
	fake_heard();
	coro_run();
	assert_ptr_equal(db_of(c), db);
	assert_false(c->ran);
	assert_heard("");
	assert_int_equal(db->starts, 0);
	give(b);
	give(c);
	assert_int_equal(db->starts, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_the_start),
		TEST(test_a_server_that_is_gone_and_comes_back),
		TEST(test_requests_wait_for_one_that_prepares),
		TEST(test_a_server_that_accepts_and_says_nothing),
		TEST(test_nothing_can_start_to_connect),
		TEST(test_an_answer_after_the_deadline),
		TEST(test_one_that_is_used_is_closed),
		TEST(test_an_answer_and_the_end_at_once),
		TEST(test_one_that_was_just_given_is_lost),
	};

	return (cmocka_run_group_tests_name("database_outage", tests, start,
	    NULL));
}
