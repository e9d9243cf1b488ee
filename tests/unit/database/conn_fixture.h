/* SPDX-License-Identifier: ISC */
/* What the tests of one connection share: its queries, and its callbacks. */

#ifndef TESTS_DATABASE_CONN_FIXTURE_H
#define TESTS_DATABASE_CONN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "database/conn.h"
#include "fakes/libpq_fake.h"
#include "servers_fixture.h"

#define READ		KORE_EVENT_READ
#define WRITE		KORE_EVENT_WRITE
#define OK		PGRES_COMMAND_OK
#define START		1000000		/* the time of every test's start */

static struct query		 one = { .name = "a.one", .sql = "SELECT 1" };
static struct query		 two = { .name = "a.two", .sql = "SELECT $1" };
static struct query *const	 queries[] = { &one, &two };
static struct conn_shared	 shared_by_all;
static struct conn_setup	 with;
static struct db_conn		 conn;
static PGconn			*db;
static bool			 reconnects;	/* in on_lost() */
static uint64_t			 now;
static struct servers		*servers;

u_int64_t
kore_time_ms(void)
{
	return (now);
}

/* Notes the level and the text. */
void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	static const char *const levels[] = {
		"debug", "info", "warning", "error"
	};
	char	 text[256];
	va_list	 ap;

	assert_null(id);
	assert_string_equal(event, "database");
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fake_say("%s(%s)", levels[level], text);
}

static void
is_ready(struct db_conn *c)
{
	assert_ptr_equal(c, &conn);
	fake_say("READY");
}

static void
has_result(struct db_conn *c)
{
	assert_ptr_equal(c, &conn);
	assert_false(c->running);
	fake_say("RESULT");
}

/* It may connect at once, as the pool does. */
static void
is_lost(struct db_conn *c, bool was_ready)
{
	assert_ptr_equal(c, &conn);
	assert_int_equal(c->state, CONN_DOWN);
	assert_false(c->running);
	assert_int_equal(c->deadline, 0);
	fake_say(was_ready ? "LOST" : "NOT CONNECTED");
	if (reconnects)
		conn_connect(c, now);
}

static void
is_notified(void)
{
	fake_say("NOTIFIED");
}

#define assert_heard(text)	assert_string_equal(fake_heard(), text)

/* The server answers a statement, and Kore's loop reports it. */
static void
answer(ExecStatusType status, const char *message)
{
	fake_result(db, status, message);
	fake_end(db);
	fake_event(db, READ, 0);
}

/* It answers what was sent to prepare both statements. */
static void
prepare(void)
{
	fake_prepared(db, 2);
	fake_event(db, READ, 0);
}

static void
connect_to(PostgresPollingStatusType next)
{
	db->poll = next;
	fake_event(db, WRITE, 0);
}

/* Connects and prepares; nothing is left to hear. */
static void
make_ready(void)
{
	assert_true(conn_connect(&conn, now));
	db = conn.db;
	connect_to(PGRES_POLLING_OK);
	prepare();
	if (conn.state == CONN_PREPARING)	/* it listens */
		answer(OK, "");
	assert_true(conn_is_ready(&conn));
	fake_heard();
}

static int
setup(void **state)
{
	(void)state;
	fake_libpq_clear();
	servers = one_server("db");
	servers_works(servers, "db");
	reconnects = false;
	now = START;
	with = (struct conn_setup){
		.servers = servers, .queries = queries,
		.queries_end = queries + 2, .name = "a connection",
		.shared = &shared_by_all, .on_ready = is_ready,
		.on_result = has_result, .on_lost = is_lost,
		.on_notify = is_notified
	};
	memset(&conn, 0, sizeof(conn));
	conn_init(&conn, &with);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	PQclear(conn_result(&conn));
	servers_free(servers);
	fake_libpq_clear();
	return (0);
}

/* An outage is logged once: this ends one that an earlier test left. */
static int
setup_well(void **state)
{
	setup(state);
	make_ready();
	return (0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define TEST_READY(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup_well, teardown)

#endif
