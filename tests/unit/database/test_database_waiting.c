/* SPDX-License-Identifier: ISC */
/* How long requests wait for a connection and a result, and in which turn. */

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

#define BUSY		"The database is busy"
#define UNAVAILABLE	"The database is unavailable"

/* It is ready, or it has answered; requests that wait run later. */
static void
ready_without_a_round(struct db_conn *conn)
{
	conn->state = CONN_READY;
	conn->setup->on_ready(conn);
}

/* The number of the connection, for conns.connects. */
static unsigned
number(const struct db_conn *conn)
{
	return (conn == conns.all[0] ? 0 : 1);
}

static void
test_a_connection_is_waited_for_two_seconds(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin(2);

	(void)state;
	pass(1999);
	assert_non_null(c->c.coro);
	pass(1);
	assert_refused(c, BUSY);
	give(a);			/* nobody waits for it any more */
	database_tick(now);
	assert_int_equal(gauges.now.db_idle, 1);
	give(b);
}

static void
test_each_has_its_own_two_seconds(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin(2), *d;

	(void)state;
	pass(1500);
	d = begin(3);
	pass(500);
	assert_refused(c, BUSY);
	assert_non_null(d->c.coro);
	give(b);			/* who is skipped gets nothing */
	assert_non_null(d->conn);
	pass(60000);
	assert_non_null(d->conn);
	give(a);
	give(d);
}

/* The one in the middle gives up: the others keep their order. */
static void
test_who_gave_up_is_skipped(void **state)
{
	struct user	*a, *b, *c, *d;
	struct db_conn	*lost = conns.all[0];

	(void)state;
	lose(lost);
	a = begin(0);
	b = begin(1);
	c = begin(2);
	d = begin(3);
	c->c.deadline = now;
	coro_wake(c->c.coro);
	coro_run();
	assert_refused(c, BUSY);
	become_ready(lost);
	assert_ptr_equal(b->conn, lost);
	assert_null(d->conn);
	give(a);
	assert_ptr_equal(d->conn, conns.all[1]);
	give(b);
	give(d);
}

/* Its client has gone: it takes its turn, and the next one is not skipped. */
static void
test_a_client_that_went_away_while_it_waited(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c = begin(2);
	struct user	*d = begin(3);

	(void)state;
	c->c.client_gone = true;
	c->give = true;
	give(a);
	assert_null(c->c.coro);
	assert_null(c->c.error.kind);
	assert_non_null(d->conn);
	give(b);
	give(d);
}

/* The time is up, and the connection comes, in the same round. */
static void
test_a_connection_at_the_last_moment(void **state)
{
	struct user	*a, *b;

	(void)state;
	lose(conns.all[0]);
	a = begin(0);
	b = begin(1);
	now += 2000;
	coro_tick(now);
	ready_without_a_round(conns.all[0]);
	coro_run();
	assert_ptr_equal(b->conn, conns.all[0]);
	assert_int_equal(coro_count(), 2);
	give(a);
	give(b);
}

/* The same, and what comes is the news that there will be none. */
static void
test_an_outage_at_the_last_moment(void **state)
{
	struct user	*a, *b, *c;

	(void)state;
	lose(conns.all[0]);
	a = begin(0);
	b = begin(1);
	c = begin(2);
	now += 2000;
	coro_tick(now);
	conn_lost(a->conn, "both");
	coro_run();
	assert_refused(b, UNAVAILABLE);
	assert_refused(c, UNAVAILABLE);
	become_ready(conns.all[0]);	/* it is nobody's */
	database_tick(now);
	assert_int_equal(gauges.now.db_idle, 1);
	give(a);
}

static void
test_a_wake_for_another_reason_changes_nothing(void **state)
{
	struct user	*a = begin_with(0, true), *b = begin(1), *c = begin(2);

	(void)state;
	coro_wake(c->c.coro);
	coro_wake(a->c.coro);
	coro_run();
	assert_null(c->conn);
	assert_non_null(c->c.coro);
	assert_false(a->ran);
	answer(a->conn);
	assert_true(a->ran);
	give(a);
	assert_non_null(c->conn);
	give(b);
	give(c);
}

/* All of them, but not the one that was served just before. */
static void
test_an_outage_refuses_all_that_wait(void **state)
{
	struct user	*a, *b, *c, *d;

	(void)state;
	lose(conns.all[0]);
	a = begin(0);
	b = begin(1);
	c = begin(2);
	d = begin(3);
	ready_without_a_round(conns.all[0]);
	conn_lost(conns.all[0], "again");
	conn_lost(conns.all[1], "as well");
	coro_run();
	assert_ptr_equal(b->conn, conns.all[0]);
	assert_refused(c, UNAVAILABLE);
	assert_refused(d, UNAVAILABLE);
	assert_int_equal(conns.connects[0], 1);
	give(a);
	give(b);
	assert_int_equal(conns.connects[0], 2);
	assert_int_equal(conns.connects[1], 1);
}

/* It is given back while its statement runs, which then ends. */
static void
end_aside(struct user *u)
{
	struct db_conn	*conn = u->conn;

	if (u->c.coro != NULL)
		give(u);
	database_tick(now);
	assert_int_equal(gauges.now.db_ending, 1);
	answer(conn);
	database_tick(now);
	assert_int_equal(gauges.now.db_ending, 0);
	assert_int_equal(gauges.now.db_idle, CONNS);
}

/* The server ends it after five; the sixth is for the answer's way. */
static void
test_a_statement_has_six_seconds(void **state)
{
	struct user	*a = begin_with(0, true);
	unsigned	 i = number(a->conn);

	(void)state;
	pass(5999);
	assert_false(a->returned);
	pass(1);
	assert_true(a->returned);
	assert_false(a->ran);
	end_aside(a);
	assert_int_equal(conns.connects[i], 0);
}

/* Nothing is sent when it is too late, or when the connection is down. */
static void
run_too_late(void *arg)
{
	struct user	*u = arg;

	u->conn = pool_take(&u->c);
	if (u->runs)
		conn_lost(u->conn, "just now");
	else
		u->c.deadline = now;
	u->ran = pool_run(&u->c, u->conn, NULL, "SELECT 1", NULL, 0) != NULL;
	pool_give(u->conn);
}

static void
test_nothing_is_sent_in_vain(void **state)
{
	struct user	*u = &users[0];
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		memset(u, 0, sizeof(*u));
		u->runs = i == 1;
		u->c.coro = coro_new(run_too_late, user_done, u);
		coro_resume(u->c.coro);
		coro_run();
		assert_null(u->c.coro);
		assert_false(u->ran);
		assert_null(conns.sent);
		assert_int_equal(conns.connects[number(u->conn)], i);
	}
}

static void
run_text(void *arg)
{
	struct user	*u = arg;
	PGresult	*r;

	u->conn = pool_take(&u->c);
	r = pool_run(&u->c, u->conn, NULL, "BEGIN", NULL, 0);
	u->ran = r != NULL;
	PQclear(r);
	pool_give(u->conn);
}

static struct user *
begin_text(void)
{
	struct user	*u = &users[0];

	memset(u, 0, sizeof(*u));
	u->c.coro = coro_new(run_text, user_done, u);
	assert_non_null(u->c.coro);
	coro_resume(u->c.coro);
	return (u);
}

static void
test_a_statement_that_is_not_prepared(void **state)
{
	struct user	*u = begin_text();

	(void)state;
	assert_string_equal(conns.sent, "BEGIN");
	answer(u->conn);
	assert_true(u->ran);
	assert_null(u->c.coro);
}

/* For a request that has one, and for a job. */
static void
test_a_statement_ends_with_the_time_of_its_request(void **state)
{
	struct user	*u = begin_text();
	unsigned	 i = number(u->conn);

	(void)state;
	u->c.deadline = now + 700;
	coro_wake(u->c.coro);		/* to look at it */
	coro_run();
	pass(699);
	assert_non_null(u->c.coro);
	assert_int_equal(conns.connects[i], 0);
	pass(1);
	assert_null(u->c.coro);
	assert_false(u->ran);
	end_aside(u);
	assert_int_equal(conns.connects[i], 0);
}

/* The next request must not get this one's result. */
static void
test_one_that_is_given_back_with_a_statement(void **state)
{
	struct user	*a = begin(0), *b = begin(1), *c;
	struct db_conn	*conn = a->conn;

	(void)state;
	conn_send(conn, "SELECT 1");
	give(a);
	c = begin(2);
	assert_null(c->conn);
	answer(conn);
	assert_ptr_equal(c->conn, conn);
	assert_null(conn->result);
	give(b);
	give(c);
}

/* A few connections do the work of quiet times. */
static void
test_the_last_that_was_used_is_taken_first(void **state)
{
	struct user	*a = begin(0), *b = begin(1);
	struct db_conn	*conn = a->conn;

	(void)state;
	give(b);
	give(a);
	a = begin(0);
	assert_ptr_equal(a->conn, conn);
	give(a);
}

static void
check_gauges(unsigned in_use, unsigned resting, unsigned down)
{
	database_tick(now);
	assert_int_equal(gauges.now.db_in_use, in_use);
	assert_int_equal(gauges.now.db_idle, resting);
	assert_int_equal(gauges.now.db_down, down);
}

static void
test_the_gauges(void **state)
{
	struct user	*a;
	struct db_conn	*conn;

	(void)state;
	check_gauges(0, 2, 0);
	a = begin(0);
	check_gauges(1, 1, 0);
	conn = a->conn;
	conns.in_transaction = true;
	give(a);			/* it is rolled back */
	check_gauges(1, 1, 0);
	answer(conn);
	check_gauges(0, 2, 0);
	conns.in_transaction = false;
	a = begin(0);
	lose(a->conn);			/* in use, and down: counted once */
	check_gauges(0, 1, 1);
	give(a);
	check_gauges(0, 1, 1);
	become_ready(conn);
	check_gauges(0, 2, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_a_connection_is_waited_for_two_seconds),
		TEST(test_each_has_its_own_two_seconds),
		TEST(test_who_gave_up_is_skipped),
		TEST(test_a_client_that_went_away_while_it_waited),
		TEST(test_a_connection_at_the_last_moment),
		TEST(test_an_outage_at_the_last_moment),
		TEST(test_a_wake_for_another_reason_changes_nothing),
		TEST(test_an_outage_refuses_all_that_wait),
		TEST(test_a_statement_has_six_seconds),
		TEST(test_a_statement_ends_with_the_time_of_its_request),
		TEST(test_nothing_is_sent_in_vain),
		TEST(test_a_statement_that_is_not_prepared),
		TEST(test_one_that_is_given_back_with_a_statement),
		TEST(test_the_last_that_was_used_is_taken_first),
		TEST(test_the_gauges),
	};

	return (cmocka_run_group_tests_name("database_waiting", tests,
	    setup_pool, NULL));
}
