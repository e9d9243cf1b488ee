/* SPDX-License-Identifier: ISC */
/* How a connection becomes ready, step by step, and what can go wrong. */

/* sources: src/database/conn_log.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_conn.c tests/unit/fakes/libpq_fake.c */

#include "conn_fixture.h"

#include <sys/epoll.h>

#define PREPARES	"pipeline session prepare(a.one: SELECT 1) "	\
			"prepare(a.two: SELECT $1) sync watch(in)"

static void
test_it_connects_and_prepares_in_steps(void **state)
{
	(void)state;
	assert_int_equal(conn.state, CONN_DOWN);
	assert_int_equal(conn.evt.type, KORE_TYPE_PGSQL_CONN);
	assert_true(conn_connect(&conn, START));
	assert_int_equal(conn.state, CONN_CONNECTING);
	assert_heard("connect(to=db) watch(out)");
	db = conn.db;

	connect_to(PGRES_POLLING_WRITING);
	assert_heard("poll watch(out)");
	connect_to(PGRES_POLLING_READING);
	assert_heard("poll watch(in)");
	connect_to(PGRES_POLLING_OK);
	assert_heard("poll nonblocking " PREPARES);
	assert_int_equal(conn.state, CONN_PREPARING);
	assert_false(conn_is_ready(&conn));

	prepare();
	assert_heard("read exit debug(connected) READY");
	assert_true(conn_is_ready(&conn));
	assert_false(conn.running);
	assert_int_equal(conn.deadline, 0);
	assert_null(conn_result(&conn));
}

/* The answers of a pipeline come in any pieces. */
static void
test_answers_come_one_by_one(void **state)
{
	unsigned	 i;

	(void)state;
	conn_connect(&conn, START);
	db = conn.db;
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	for (i = 0; i < 2; i++) {
		fake_result(db, OK, "");
		fake_event(db, READ, 0);
		assert_heard("read");
		fake_end(db);
		fake_event(db, READ, 0);
		assert_heard("read");
	}
	assert_int_equal(conn.state, CONN_PREPARING);
	assert_true(conn.running);
	fake_result(db, PGRES_PIPELINE_SYNC, "");
	fake_event(db, READ, 0);
	assert_heard("read exit debug(connected) READY");
}

/*
 * More than the socket takes: the answers to the first statements are read
 * before the last ones are sent, or both ends would wait for each other.
 */
static void
test_it_reads_while_it_sends(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	db = conn.db;
	db->unsent = 1;
	connect_to(PGRES_POLLING_OK);
	assert_true(fake_watches(db, EPOLLIN | EPOLLOUT));
	fake_heard();
	fake_result(db, OK, "");
	fake_end(db);
	fake_event(db, READ, 0);
	assert_heard("read");
	assert_int_equal(db->nresults, 0);
	assert_true(fake_watches(db, EPOLLIN | EPOLLOUT));
	fake_event(db, READ | WRITE, 0);
	assert_heard("read");
	db->unsent = 0;
	fake_event(db, WRITE, 0);
	assert_heard("watch(in)");
	fake_prepared(db, 1);
	fake_event(db, READ, 0);
	assert_heard("read exit debug(connected) READY");
}

/* Notifications before LISTEN were missed: so it says that there may be one. */
static void
test_it_listens_when_all_is_prepared(void **state)
{
	(void)state;
	with.channel = "jobs";
	conn_connect(&conn, START);
	db = conn.db;
	connect_to(PGRES_POLLING_OK);
	assert_false(conn.listening);
	fake_heard();
	prepare();
	assert_heard("read exit query(LISTEN jobs)");
	assert_int_equal(conn.state, CONN_PREPARING);
	db->notes = 1;			/* READY will say it */
	answer(OK, "");
	assert_heard("read debug(connected) READY NOTIFIED");
	assert_int_equal(db->notes, 0);

	db->notes = 2;
	fake_event(db, READ, 0);
	assert_heard("read NOTIFIED NOTIFIED");

	/* The next connection must listen again. */
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	assert_false(conn.listening);
	prepare();
	assert_true(conn.listening);
	answer(OK, "");
	assert_true(conn_is_ready(&conn));
	fake_heard();
}

static void
test_without_queries(void **state)
{
	(void)state;
	with.queries_end = with.queries;
	conn_connect(&conn, START);
	db = conn.db;
	connect_to(PGRES_POLLING_OK);
	assert_heard("connect(to=db) watch(out) poll nonblocking "
	    "pipeline session sync watch(in)");
	fake_prepared(db, 0);
	fake_event(db, READ, 0);
	assert_heard("read exit debug(connected) READY");
}

/* Kore has opened it, and blocked for that. */
static void
test_one_that_is_open_is_adopted(void **state)
{
	(void)state;
	db = fake_open();
	now = START + 7;
	conn_adopt(&conn, db, "db");
	assert_heard("nonblocking " PREPARES);
	assert_ptr_equal(conn.db, db);
	assert_int_equal(conn.deadline, START + 7 + 4000);
	prepare();
	assert_true(conn_is_ready(&conn));
	assert_int_equal(conn.deadline, 0);
	fake_heard();
}

/* Connecting and preparing have four seconds in all, not each. */
static void
test_it_has_four_seconds_in_all(void **state)
{
	unsigned	 steps, n;

	(void)state;
	for (steps = 0; steps < 4; steps++) {
		make_ready();
		conn_connect(&conn, START);
		for (n = 0; n < steps; n++) {
			now += 500;
			if (n == 0)
				connect_to(PGRES_POLLING_READING);
			else if (n == 1)
				connect_to(PGRES_POLLING_OK);
			else {
				fake_result(db, OK, "");
				fake_end(db);
				fake_event(db, READ, 0);
			}
		}
		fake_heard();
		conn_tick(&conn, START + 3999);
		assert_heard("");
		conn_tick(&conn, START + 4000);
		assert_heard(steps < 2 ? "warning(a connection failed: it "
		    "did not answer in time) watch(edge) NOT CONNECTED" :
		    "warning(a connection failed: it was accepted, but no "
		    "answer came in time (has the pool of a connection pooler "
		    "no connection left?)) watch(edge) NOT CONNECTED");
		conn_tick(&conn, START + 60000);
		assert_heard("");
	}
}

static void
test_a_ready_one_has_no_deadline(void **state)
{
	(void)state;
	conn_tick(&conn, UINT64_MAX);
	assert_heard("");
	assert_true(conn_is_ready(&conn));
}

static void
test_nothing_can_start_to_connect(void **state)
{
	(void)state;
	fake_libpq.no_memory = true;
	assert_false(conn_connect(&conn, START));
	assert_int_equal(conn.state, CONN_DOWN);
	assert_heard("connect(to=db) "
	    "warning(a connection failed: out of memory)");

	/* The host's address is wrong, say. */
	fake_libpq.no_memory = false;
	fake_libpq.no_start = true;
	assert_false(conn_connect(&conn, START));
	assert_int_equal(conn.state, CONN_DOWN);
	assert_int_equal(conn.deadline, 0);
	assert_heard("connect(to=db)");
	assert_false(conn_connect(&conn, START));
	assert_heard("reset");

	fake_libpq.no_start = false;
	assert_true(conn_connect(&conn, START + 1));
	assert_int_equal(conn.deadline, START + 4001);
	assert_heard("reset watch(out)");
	assert_int_equal(fake_libpq.ndbs, 1);
}

/* Even if it was ready: libpq has closed the old connection. */
static void
test_a_renewal_cannot_start(void **state)
{
	(void)state;
	fake_libpq.no_start = true;
	assert_false(conn_connect(&conn, START));
	assert_int_equal(conn.state, CONN_DOWN);
	assert_false(conn_is_ready(&conn));
	assert_heard("reset warning(a connection failed: no error)");
}

/* The first line is logged, once in an outage. */
static void
test_it_cannot_connect(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	db->error = "connection refused\n\tIs the server running?\n";
	fake_heard();
	connect_to(PGRES_POLLING_FAILED);
	assert_heard("poll warning(a connection failed: connection refused) "
	    "watch(edge) NOT CONNECTED");

	conn_connect(&conn, START);
	fake_heard();
	connect_to(PGRES_POLLING_FAILED);
	assert_heard("poll watch(edge) NOT CONNECTED");

	make_ready();		/* the outage is over */
	conn_connect(&conn, START);
	db->error = "again";
	fake_heard();
	connect_to(PGRES_POLLING_FAILED);
	assert_heard("poll warning(a connection failed: again) watch(edge) "
	    "NOT CONNECTED");
}

/* A ready one that is lost is logged each time, and is no outage. */
static void
test_losing_a_ready_one_is_logged_each_time(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		conn_lost(&conn, "gone\nfor good");
		assert_heard("warning(a connection was lost: gone) "
		    "watch(edge) LOST");
		conn_connect(&conn, START);
		fake_heard();
		connect_to(PGRES_POLLING_FAILED);
		assert_heard(i == 0 ? "poll warning(a connection failed: "
		    "no error) watch(edge) NOT CONNECTED" :
		    "poll watch(edge) NOT CONNECTED");
		conn_connect(&conn, START);
		connect_to(PGRES_POLLING_FAILED);
		fake_heard();
		/* Without ending the outage. */
		conn.state = CONN_READY;
		conn.watched = EPOLLIN;
	}
}

/* What comes after an error is the old connection's. */
static void
test_preparing_fails(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	fake_result(db, OK, "");
	fake_end(db);
	fake_result(db, PGRES_FATAL_ERROR, "ERROR: no such table\nLINE 1");
	fake_end(db);
	fake_result(db, PGRES_PIPELINE_ABORTED, "");
	fake_end(db);
	fake_result(db, PGRES_PIPELINE_SYNC, "");
	fake_event(db, READ, 0);
	assert_heard("read warning(a connection failed: ERROR: no such "
	    "table) watch(edge) NOT CONNECTED");
	assert_null(conn_result(&conn));
	assert_false(conn.running);

	/* A result of another kind is wrong as well. */
	make_ready();
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	fake_result(db, PGRES_EMPTY_QUERY, "");
	fake_event(db, READ, 0);
	assert_heard("read warning(a connection failed: ) watch(edge) "
	    "NOT CONNECTED");
}

/* It connects at once, and prepares everything again. */
static void
test_preparing_fails_and_it_reconnects(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	reconnects = true;
	fake_result(db, PGRES_FATAL_ERROR, "no");
	fake_end(db);
	fake_event(db, READ, 0);
	assert_heard("read warning(a connection failed: no) watch(edge) "
	    "NOT CONNECTED reset watch(out)");
	reconnects = false;
	connect_to(PGRES_POLLING_OK);
	assert_heard("poll nonblocking " PREPARES);
	prepare();
	assert_heard("read exit debug(connected) READY");
}

static void
test_the_server_ends_while_it_prepares(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	fake_result(db, OK, "");
	fake_end(db);
	db->error = "gone\n";
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard("read warning(a connection failed: gone) watch(edge) "
	    "NOT CONNECTED");
}

static void
test_the_pipeline_does_not_end(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	db->stays = true;
	db->error = "results are left\n";
	prepare();
	assert_heard("read exit warning(a connection failed: results are "
	    "left) watch(edge) NOT CONNECTED");
}

static void
test_listening_fails(void **state)
{
	(void)state;
	with.channel = "jobs";
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	prepare();
	fake_heard();
	answer(PGRES_FATAL_ERROR, "no");
	assert_heard("read warning(a connection failed: no) watch(edge) "
	    "NOT CONNECTED");
}

/* Any of what is sent to prepare: nothing more is sent after it. */
static void
test_what_prepares_is_not_sent(void **state)
{
	static const char *const	sends[] = {
		"pipeline", "pipeline session",
		"pipeline session prepare(a.one: SELECT 1)",
		"pipeline session prepare(a.one: SELECT 1) "
		"prepare(a.two: SELECT $1)",
		"pipeline session prepare(a.one: SELECT 1) "
		"prepare(a.two: SELECT $1) sync",
	};
	char		 heard[256];
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(sends) / sizeof(sends[0]); i++) {
		conn_connect(&conn, START);
		db->refuses = true;
		db->accepts = i;
		db->error = "out of memory\n";
		fake_heard();
		connect_to(PGRES_POLLING_OK);
		snprintf(heard, sizeof(heard), "poll nonblocking %s "
		    "warning(a connection failed: out of memory) "
		    "watch(edge) NOT CONNECTED", sends[i]);
		assert_heard(heard);
		assert_false(conn.running);
		make_ready();
	}
}

/* Without a socket there is nothing to watch. */
static void
test_without_a_socket_nothing_is_watched(void **state)
{
	(void)state;
	db->fd = -1;
	conn_lost(&conn, "gone");
	assert_heard("warning(a connection was lost: gone) LOST");
}

/* Events of the socket of a connection that is down. */
static void
test_a_lost_one_reads_nothing(void **state)
{
	(void)state;
	conn_lost(&conn, "gone");
	fake_heard();
	fake_event(db, READ | WRITE, 1);
	assert_heard("");
	assert_int_equal(conn.evt.flags, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_it_connects_and_prepares_in_steps),
		TEST(test_answers_come_one_by_one),
		TEST(test_it_reads_while_it_sends),
		TEST(test_it_listens_when_all_is_prepared),
		TEST(test_without_queries),
		TEST(test_one_that_is_open_is_adopted),
		TEST(test_it_has_four_seconds_in_all),
		TEST_READY(test_a_ready_one_has_no_deadline),
		TEST(test_nothing_can_start_to_connect),
		TEST_READY(test_a_renewal_cannot_start),
		TEST_READY(test_it_cannot_connect),
		TEST_READY(test_losing_a_ready_one_is_logged_each_time),
		TEST_READY(test_preparing_fails),
		TEST_READY(test_preparing_fails_and_it_reconnects),
		TEST_READY(test_the_server_ends_while_it_prepares),
		TEST_READY(test_the_pipeline_does_not_end),
		TEST_READY(test_listening_fails),
		TEST_READY(test_what_prepares_is_not_sent),
		TEST_READY(test_without_a_socket_nothing_is_watched),
		TEST_READY(test_a_lost_one_reads_nothing),
	};

	return (cmocka_run_group_tests_name("conn", tests, NULL, NULL));
}
