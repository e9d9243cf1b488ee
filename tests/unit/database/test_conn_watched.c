/* SPDX-License-Identifier: ISC */
/* Which events of a connection's socket Kore's loop is asked for, and when. */

/* sources: src/database/conn_log.c */
/* sources: src/database/servers.c */
/* sources: src/database/database_conn.c tests/unit/fakes/libpq_fake.c */

#include "conn_fixture.h"

#include <sys/epoll.h>

/*
 * The next socket has the number of the last one (see the fake), and the kernel
 * has forgotten what was watched there: what is the same is watched anew.
 */
static void
test_each_socket_is_watched(void **state)
{
	(void)state;
	assert_true(fake_watches(db, EPOLLIN));
	conn_lost(&conn, "gone");
	fake_heard();
	assert_true(conn_connect(&conn, START));
	assert_heard("reset watch(out)");
	connect_to(PGRES_POLLING_READING);
	assert_heard("poll watch(in)");
	db->events = 0;			/* libpq tries the next address */
	connect_to(PGRES_POLLING_READING);
	assert_heard("poll watch(in)");
	db->events = 0;
	connect_to(PGRES_POLLING_OK);
	assert_true(fake_watches(db, EPOLLIN));
	prepare();
	fake_heard();

	conn_close(&conn);
	assert_heard("finish");
	assert_true(conn_connect(&conn, START));
	assert_heard("connect(to=db) watch(out)");
	conn_close(&conn);		/* while it connects */
	assert_true(conn_connect(&conn, START));
	assert_heard("finish connect(to=db) watch(out)");
}

/* Of a socket that stays, only changes are told. */
static void
test_what_is_watched_is_not_watched_again(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		conn_send(&conn, "BEGIN");
		answer(OK, "");
		assert_heard("query(BEGIN) read RESULT");
		PQclear(conn_result(&conn));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST_READY(test_each_socket_is_watched),
		TEST_READY(test_what_is_watched_is_not_watched_again),
	};

	return (cmocka_run_group_tests_name("conn_watched", tests, NULL,
	    NULL));
}
