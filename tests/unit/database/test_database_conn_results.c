/* SPDX-License-Identifier: ISC */
/* Statements on a connection that is ready: their results, late or lost. */

/* sources: src/database/conn_log.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_conn.c tests/unit/fakes/libpq_fake.c */

#include "conn_fixture.h"

#include <sys/epoll.h>

#define GONE	"read warning(a connection was lost: gone) watch(edge) LOST"

static const char *const	values[] = { "7", "x" };

static void
send_query(void)
{
	conn_send(&conn, "BEGIN");
	fake_heard();
}

/* Is this the status and the text of the result? The connection has none. */
static void
check_result(ExecStatusType status, const char *message)
{
	PGresult	*r = conn_result(&conn);

	assert_non_null(r);
	assert_int_equal(PQresultStatus(r), status);
	assert_string_equal(PQresultErrorMessage(r), message);
	PQclear(r);
	assert_null(conn_result(&conn));
}

static void
test_statements(void **state)
{
	(void)state;
	conn_send(&conn, "BEGIN");
	assert_heard("query(BEGIN)");
	assert_true(conn.running);
	answer(OK, "first");
	assert_heard("read RESULT");
	check_result(OK, "first");

	conn_send_prepared(&conn, &two, values, 2);
	assert_heard("execute(a.two) $1=7 $2=x");
	assert_true(conn.running);
	answer(PGRES_TUPLES_OK, "second");
	assert_heard("read RESULT");
	check_result(PGRES_TUPLES_OK, "second");

	conn_send_prepared(&conn, &one, NULL, 0);
	assert_heard("execute(a.one)");
	answer(PGRES_FATAL_ERROR, "an error");
	assert_heard("read RESULT");
	check_result(PGRES_FATAL_ERROR, "an error");
	assert_true(conn_is_ready(&conn));
}

/* A result is reported at the statement's end, however it comes. */
static void
test_a_result_that_comes_in_pieces(void **state)
{
	(void)state;
	send_query();
	fake_event(db, READ, 0);
	assert_heard("read");
	assert_true(conn.running);
	fake_result(db, OK, "it");
	fake_event(db, READ, 0);
	assert_heard("read");
	assert_true(conn.running);
	fake_end(db);
	fake_event(db, READ, 0);
	assert_heard("read RESULT");
	check_result(OK, "it");
}

/* The first error counts; without one, the last result. */
static void
test_several_results_of_one_statement(void **state)
{
	static const struct {
		ExecStatusType	 status[3];
		const char	*kept;
	} table[] = {
		{ { PGRES_TUPLES_OK, OK, PGRES_TUPLES_OK }, "third" },
		{ { PGRES_FATAL_ERROR, OK, OK }, "first" },
		{ { OK, PGRES_FATAL_ERROR, OK }, "second" },
		{ { OK, OK, PGRES_FATAL_ERROR }, "third" },
		{ { PGRES_FATAL_ERROR, PGRES_FATAL_ERROR, OK }, "first" },
		{ { PGRES_NONFATAL_ERROR, OK, OK }, "third" },
	};
	PGresult	*r;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		send_query();
		fake_result(db, table[i].status[0], "first");
		fake_result(db, table[i].status[1], "second");
		fake_event(db, READ, 0);
		fake_result(db, table[i].status[2], "third");
		fake_end(db);
		fake_event(db, READ, 0);
		assert_heard("read read RESULT");
		r = conn_result(&conn);
		assert_string_equal(PQresultErrorMessage(r), table[i].kept);
		PQclear(r);
	}
}

/* A notice, say, or a changed setting: something came, but no result. */
static void
test_what_comes_between_statements(void **state)
{
	(void)state;
	fake_event(db, READ, 0);
	assert_heard("read");
	assert_true(conn_is_ready(&conn));

	/* What is no answer to a statement is left to libpq. */
	fake_result(db, OK, "");
	fake_event(db, READ, 0);
	assert_heard("read");
	assert_int_equal(db->nresults, 1);

	/* Without LISTEN nobody wants notifications. */
	db->notes = 1;
	fake_event(db, READ, 0);
	assert_heard("read");
}

static void
test_what_cannot_be_sent_at_once_waits(void **state)
{
	(void)state;
	db->unsent = 1;
	conn_send(&conn, "BEGIN");
	assert_heard("query(BEGIN) watch(inout)");
	fake_event(db, WRITE, 0);
	assert_heard("");
	assert_true(fake_watches(db, EPOLLIN | EPOLLOUT));

	/* Both at once: it sends, and it reads. */
	db->unsent = 0;
	fake_result(db, OK, "");
	fake_end(db);
	fake_event(db, READ | WRITE, 0);
	assert_heard("watch(in) read RESULT");
	assert_int_equal(conn.evt.flags, 0);
}

/* An event is over when it is handled. */
static void
test_events_do_not_add_up(void **state)
{
	(void)state;
	db->unsent = 1;
	fake_event(db, WRITE, 0);
	assert_heard("watch(inout)");
	db->unsent = 0;
	fake_event(db, READ, 0);
	assert_heard("read");
	fake_event(db, 0, 0);
	assert_heard("");
	fake_event(db, WRITE, 0);
	assert_heard("watch(in)");
}

static void
test_it_cannot_send(void **state)
{
	(void)state;
	db->error = "gone\n";
	db->refuses = true;
	conn_send(&conn, "BEGIN");
	assert_heard("query(BEGIN) warning(a connection was lost: gone) "
	    "watch(edge) LOST");
	assert_null(conn_result(&conn));

	make_ready();
	db->error = "gone\n";
	db->unsent = -1;
	conn_send_prepared(&conn, &one, NULL, 0);
	assert_heard("execute(a.one) warning(a connection was lost: gone) "
	    "watch(edge) LOST");

	/* Later: it reads no more after that. */
	make_ready();
	db->error = "gone\n";
	db->unsent = 1;
	send_query();
	db->unsent = -1;
	fake_event(db, READ | WRITE, 0);
	assert_heard("warning(a connection was lost: gone) watch(edge) LOST");
}

/* The same, and it connects again meanwhile: the event was the old one's. */
static void
test_it_connects_while_an_event_is_handled(void **state)
{
	(void)state;
	reconnects = true;
	db->error = "gone\n";
	db->unsent = -1;
	fake_event(db, READ | WRITE, 0);
	assert_heard("warning(a connection was lost: gone) watch(edge) LOST "
	    "reset watch(out)");
	assert_int_equal(conn.state, CONN_CONNECTING);
	assert_int_equal(conn.deadline, now + 4000);
}

static void
test_it_ends_while_idle(void **state)
{
	(void)state;
	db->error = "gone\n";
	db->closed = true;
	fake_event(db, READ, 0);
	assert_heard(GONE);

	/* Only an error is reported, nothing to read. */
	make_ready();
	db->error = "gone\n";
	db->closed = true;
	fake_event(db, 0, 1);
	assert_heard(GONE);

	/* libpq has read a fatal error and closed the connection. */
	make_ready();
	db->error = "gone\n";
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard(GONE);
}

/* Its results so far are lost: the statement may have run, or may not. */
static void
test_it_ends_during_a_statement(void **state)
{
	(void)state;
	send_query();
	fake_result(db, PGRES_TUPLES_OK, "");
	fake_event(db, READ, 0);
	fake_heard();
	db->error = "gone\n";
	db->closed = true;
	fake_event(db, READ, 1);
	assert_heard(GONE);
	assert_null(conn_result(&conn));

	make_ready();
	send_query();
	db->error = "gone\n";
	fake_result(db, PGRES_FATAL_ERROR, "the server is shut down");
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard(GONE);
	assert_null(conn_result(&conn));
}

/* It is not lost twice, although libpq says so as long as it is not reset. */
static void
test_it_is_lost_once(void **state)
{
	(void)state;
	reconnects = true;
	send_query();
	db->error = "gone\n";
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard(GONE " reset watch(out)");

	/* Nor if it cannot start to connect. */
	connect_to(PGRES_POLLING_OK);
	prepare();
	send_query();
	fake_libpq.no_start = true;
	db->error = "gone\n";
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard(GONE " reset warning(a connection failed: no error)");
	assert_int_equal(conn.state, CONN_DOWN);
}

/* The time is up: an answer that comes now is nobody's. */
static void
test_a_deadline_passes_during_a_statement(void **state)
{
	(void)state;
	conn.deadline = now + 50;
	send_query();
	conn_tick(&conn, now + 49);
	assert_true(conn.running);
	conn_tick(&conn, now + 50);
	assert_heard("warning(a connection was lost: it did not answer in "
	    "time) watch(edge) LOST");
	answer(OK, "");
	assert_heard("");
	assert_null(conn_result(&conn));
}

static void
test_an_answer_ends_the_deadline(void **state)
{
	(void)state;
	conn.deadline = now + 50;
	send_query();
	answer(OK, "");
	assert_int_equal(conn.deadline, 0);
	fake_heard();
	conn_tick(&conn, now + 50);
	assert_heard("");
	assert_true(conn_is_ready(&conn));
}

/* epoll does not see what OpenSSL has read already. */
static void
test_every_record_of_tls_is_read(void **state)
{
	(void)state;
	db->tls = true;
	db->records = 3;
	send_query();
	fake_result(db, OK, "");
	fake_end(db);
	fake_event(db, READ, 0);
	assert_heard("read RESULT read read");

	/* But not of a connection that was lost at the first. */
	db->records = 3;
	db->error = "gone\n";
	db->status = CONNECTION_BAD;
	fake_event(db, READ, 0);
	assert_heard(GONE);
}

static void
test_in_a_transaction(void **state)
{
	(void)state;
	assert_false(conn_is_in_transaction(&conn));
	db->transaction = PQTRANS_INTRANS;
	assert_true(conn_is_in_transaction(&conn));
	db->transaction = PQTRANS_INERROR;
	assert_true(conn_is_in_transaction(&conn));
}

/* A setting is another one than was set: what set_config() has returned. */
static void
test_a_setting_is_not_set(void **state)
{
	(void)state;
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	fake_result(db, PGRES_TUPLES_OK, "TimeZone is wrong");
	fake_event(db, READ, 0);
	assert_heard("read warning(a connection failed: TimeZone is wrong) "
	    "watch(edge) NOT CONNECTED");
	assert_int_equal(conn.state, CONN_DOWN);
}

/* The same, as the server reports it at the end of the pipeline. */
static void
test_a_setting_is_reported_to_differ(void **state)
{
	(void)state;
	with.channel = "jobs";
	conn_connect(&conn, START);
	connect_to(PGRES_POLLING_OK);
	fake_heard();
	db->reported = "DateStyle is wrong";
	prepare();
	assert_heard("read exit warning(a connection failed: DateStyle is "
	    "wrong) watch(edge) NOT CONNECTED");
	assert_int_equal(conn.state, CONN_DOWN);
}

/* It is in a warning, whose text is translated, before the statement's end. */
static void
test_a_commit_that_the_standby_may_lack(void **state)
{
	(void)state;
	conn_send(&conn, "COMMIT");
	assert_false(conn.unreplicated);
	fake_notice(db, "SyncRepWaitForLSN", "Warten abgebrochen");
	answer(OK, "");
	assert_true(conn.unreplicated);
	fake_heard();
	conn_send(&conn, "BEGIN");
	assert_false(conn.unreplicated);
	answer(OK, "");
	assert_false(conn.unreplicated);
}

static void
test_other_notices(void **state)
{
	(void)state;
	fake_notice(db, "EndTransactionBlock", "no transaction\nLINE 1");
	assert_heard("warning(PostgreSQL notes: no transaction)");
	fake_notice(db, NULL, "x");		/* it is libpq's own */
	assert_heard("warning(PostgreSQL notes: x)");
	assert_false(conn.unreplicated);
}

static void
test_it_is_closed(void **state)
{
	(void)state;
	conn_send(&conn, "SELECT 1");
	fake_result(db, OK, "");
	fake_heard();
	conn_close(&conn);
	assert_heard("finish");
	assert_int_equal(conn.state, CONN_DOWN);
	assert_false(conn.running);
	fake_event(db, READ, 0);
	assert_heard("");
	assert_true(conn_connect(&conn, now));
	assert_heard("connect(to=db) watch(out)");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST_READY(test_statements),
		TEST_READY(test_a_result_that_comes_in_pieces),
		TEST_READY(test_several_results_of_one_statement),
		TEST_READY(test_what_comes_between_statements),
		TEST_READY(test_what_cannot_be_sent_at_once_waits),
		TEST_READY(test_events_do_not_add_up),
		TEST_READY(test_it_cannot_send),
		TEST_READY(test_it_connects_while_an_event_is_handled),
		TEST_READY(test_it_ends_while_idle),
		TEST_READY(test_it_ends_during_a_statement),
		TEST_READY(test_it_is_lost_once),
		TEST_READY(test_a_deadline_passes_during_a_statement),
		TEST_READY(test_an_answer_ends_the_deadline),
		TEST_READY(test_every_record_of_tls_is_read),
		TEST_READY(test_in_a_transaction),
		TEST_READY(test_a_setting_is_not_set),
		TEST_READY(test_a_setting_is_reported_to_differ),
		TEST_READY(test_a_commit_that_the_standby_may_lack),
		TEST_READY(test_other_notices),
		TEST_READY(test_it_is_closed),
	};

	return (cmocka_run_group_tests_name("conn_results", tests, NULL,
	    NULL));
}
