/* SPDX-License-Identifier: ISC */
/* How a connection goes from one server to the next. */

/* sources: src/database/conn_log.c */
/* sources: src/database/database_conn.c src/database/servers.c */
/* sources: tests/unit/fakes/libpq_fake.c */

#include "conn_fixture.h"

#include <sys/epoll.h>

static const char *const	three[] = { "a", "b", "c" };

/* No outage is left, and nothing is connected. */
static int
setup_three(void **state)
{
	setup_well(state);
	memset(&conn, 0, sizeof(conn));
	conn_init(&conn, &with);
	publish(servers, 3, three);
	return (0);
}

static void
refuse(const char *why)
{
	conn.db->error = why;
	conn.db->poll = PGRES_POLLING_FAILED;
	fake_event(conn.db, WRITE, 0);
}

static void
accept_it(void)
{
	conn.db->poll = PGRES_POLLING_OK;
	fake_event(conn.db, WRITE, 0);
	fake_prepared(conn.db, 2);
	fake_event(conn.db, READ, 0);
}

#define PREPARES							\
	"poll nonblocking pipeline session prepare(a.one: SELECT 1) "	\
	"prepare(a.two: SELECT $1) sync watch(in) read exit debug(connected) "

/* Each once; then it is down, until somebody connects it again. */
static void
test_each_is_tried_once(void **state)
{
	(void)state;
	assert_true(conn_connect(&conn, now));
	assert_heard("connect(to=a) watch(out)");
	refuse("a is away");
	assert_heard("poll warning(a connection failed: a is away) "
	    "watch(edge) finish connect(to=b) watch(out)");
	assert_int_equal(conn.state, CONN_CONNECTING);
	refuse("b is away");
	assert_heard("poll warning(a connection failed: b is away) "
	    "watch(edge) finish connect(to=c) watch(out)");
	refuse("c is away");
	assert_heard("poll warning(a connection failed: c is away) "
	    "watch(edge) NOT CONNECTED");
	assert_int_equal(conn.state, CONN_DOWN);
	assert_int_equal(servers_asked(servers), 3);

	/* The failures of all are known. */
	assert_true(conn_connect(&conn, now));
	refuse("a is still away");
	assert_heard("finish connect(to=a) watch(out) poll watch(edge) finish "
	    "connect(to=b) watch(out)");
	accept_it();
	assert_heard(PREPARES "READY");
}

/* Everything begins at the one that worked last. */
static void
test_the_one_that_worked_is_the_first(void **state)
{
	(void)state;
	assert_true(servers_works(servers, "b"));
	conn_connect(&conn, now);
	assert_heard("connect(to=b) watch(out)");
	accept_it();
	assert_heard(PREPARES "READY");

	/* It is lost, and connects again to the same one, then to the rest. */
	conn_lost(&conn, "gone");
	assert_heard("warning(a connection was lost: gone) watch(edge) LOST");
	conn_connect(&conn, now);
	assert_heard("reset watch(out)");
	refuse("refused");
	assert_heard("poll warning(a connection failed: refused) "
	    "watch(edge) finish connect(to=c) watch(out)");
	refuse("refused");
	assert_heard("poll warning(a connection failed: refused) "
	    "watch(edge) finish connect(to=a) watch(out)");
}

/* A server that says nothing has two seconds, if there is another one. */
static void
test_one_that_says_nothing(void **state)
{
	(void)state;
	conn_connect(&conn, now);
	fake_heard();
	conn_tick(&conn, START + 1999);
	assert_heard("");
	now = START + 2000;
	conn_tick(&conn, now);
	assert_heard("warning(a connection failed: it did not answer in "
	    "time) watch(edge) finish connect(to=b) watch(out)");
	assert_int_equal(conn.deadline, START + 4000);

	/* To connect and prepare it has four. */
	conn.db->poll = PGRES_POLLING_OK;
	fake_event(conn.db, WRITE, 0);
	assert_int_equal(conn.deadline, START + 6000);
	now = START + 6000;
	conn_tick(&conn, now);
	assert_int_equal(conn.state, CONN_CONNECTING);
	assert_string_equal(conn.server, "c");
	fake_heard();
}

/* Also one that cannot prepare, or cannot even start to connect. */
static void
test_other_failures(void **state)
{
	(void)state;
	conn_connect(&conn, now);
	conn.db->poll = PGRES_POLLING_OK;
	fake_event(conn.db, WRITE, 0);
	fake_result(conn.db, PGRES_FATAL_ERROR, "no such table");
	fake_event(conn.db, READ, 0);
	assert_string_equal(conn.server, "b");
	assert_int_equal(conn.state, CONN_CONNECTING);
	fake_heard();

	fake_libpq.no_start = true;
	refuse("refused");
	assert_heard("poll warning(a connection failed: refused) watch(edge) "
	    "finish connect(to=c) warning(a connection failed: no error) "
	    "NOT CONNECTED");
}

/* The parent has found other addresses: this attempt ends. */
static void
test_the_list_changes_meanwhile(void **state)
{
	static const char *const	moved[] = { "d", "b" };

	(void)state;
	conn_connect(&conn, now);
	fake_heard();
	publish(servers, 2, moved);
	refuse("a is away");
	assert_heard("poll warning(a connection failed: a is away) "
	    "watch(edge) NOT CONNECTED");
	conn_connect(&conn, now);
	assert_heard("finish connect(to=d) watch(out)");
}

#define TEST_THREE(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup_three, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST_THREE(test_the_one_that_worked_is_the_first),
		TEST_THREE(test_each_is_tried_once),
		TEST_THREE(test_one_that_says_nothing),
		TEST_THREE(test_other_failures),
		TEST_THREE(test_the_list_changes_meanwhile),
	};

	return (cmocka_run_group_tests_name("conn_servers", tests, NULL,
	    NULL));
}
