/* SPDX-License-Identifier: ISC */
/* Which request gets which connection, and when one connects anew. */

/* sources: src/database/may_write.c */
/* sources: src/database/database_tick.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_aside.c */
/* sources: src/base/log_write.c */
/* sources: src/database/database_pool.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */
/* defines: -Dclock_gettime=fake_clock */

#include "pool_fixture.h"

static void
test_the_first_that_is_ready_settles_it(void **state)
{
	struct user	*a = begin(0);

	(void)state;
	assert_false(a->returned);
	assert_int_equal(settled, 0);
	become_ready(conns.all[0]);
	assert_int_equal(settled, 1);
	assert_ptr_equal(a->conn, conns.all[0]);
	give(a);
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
	assert_int_equal(gauges.now.db_in_use, 2);

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
	assert_int_equal(gauges.now.db_idle, 1);
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
	assert_true(a->returned);
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
	database_tick(now);		/* the other one still tries */
	assert_int_equal(conns.connects[0], 1);
	lose(conns.all[1]);
	database_tick(now);
	assert_int_equal(conns.connects[0], 2);
	assert_int_equal(conns.connects[1], 1);
	assert_int_equal(gauges.now.db_down, 2);
}

/* A connection of another process has found it. */
static void
test_another_server_works(void **state)
{
	static const char *const	two[] = { "db", "other" };
	static const char *const	one[] = { "db" };
	struct user			*a = begin(0);
	unsigned			 i = a->conn == conns.all[0] ? 0 : 1;

	(void)state;
	publish(servers, 2, two);
	servers_works(servers, "other");
	database_tick(now);
	assert_int_equal(conns.connects[1 - i], 1);
	assert_int_equal(conns.connects[i], 0);		/* a has it */
	give(a);
	assert_int_equal(conns.connects[i], 1);
	publish(servers, 1, one);
}

/* As a pooler that is full: those that it has stay, and so does this one. */
static void
test_a_server_that_was_passed_by(void **state)
{
	static const char *const	two[] = { "db", "other" };
	static const char *const	one[] = { "db" };
	struct db_conn			*conn = conns.all[0];

	(void)state;
	publish(servers, 2, two);
	lose(conn);
	snprintf(conn->server, sizeof(conn->server), "other");
	conn->passed_by = true;
	become_ready(conn);
	assert_false(servers_has_other(servers, "db"));
	now += 60000;
	database_tick(now);
	assert_int_equal(conns.connects[0], 1);
	assert_int_equal(gauges.now.db_idle, 2);

	/* None is left there: now it is the one that works. */
	lose(conns.all[1]);
	lose(conn);
	snprintf(conn->server, sizeof(conn->server), "other");
	conn->passed_by = true;
	become_ready(conn);
	assert_true(servers_has_other(servers, "db"));
	publish(servers, 1, one);
	servers_works(servers, "db");
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
	assert_int_equal(gauges.now.db_idle, 1);
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

/* It is older than the renewal: a retry gets another one, at any time. */
static void
test_one_from_before_the_renewal_of_read_only_ones(void **state)
{
	struct user	*a = begin(0);
	unsigned	 i = a->conn == conns.all[0] ? 1 : 0;

	(void)state;
	assert_true(pool_renew_read_only(NULL));
	become_ready(conns.all[i]);
	assert_true(pool_renew_read_only(a->conn));
	assert_false(pool_renew_read_only(conns.all[i]));
	assert_int_equal(conns.connects[i], 1);
	now += 1000;
	assert_true(pool_renew_read_only(a->conn));
	assert_int_equal(conns.connects[i], 1);
	give(a);
}

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
		TEST(test_another_server_works),
		TEST(test_a_server_that_was_passed_by),
		TEST(test_a_new_schema),
		TEST(test_requests_wait_for_a_renewal),
		TEST(test_a_renewal_while_it_connects),
		TEST(test_read_only_servers_are_left_once_a_second),
		TEST(test_one_from_before_the_renewal_of_read_only_ones),
	};

	return (cmocka_run_group_tests_name("database_pool", tests,
	    setup_pool, NULL));
}
