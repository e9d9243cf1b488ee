/* SPDX-License-Identifier: ISC */
/* A session of a command or of the start has our settings, or it is none. */

/* sources: src/database/servers.c */
/* sources: src/database/database_sync.c src/database/database_row.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "database/database.h"
#include "database/session.h"
#include "database/sync.h"
#include "servers_fixture.h"

static int	connection;

static struct {
	bool			 fails;		/* the statement */
	const char		*set, *reported;	/* what is wrong */
	PQnoticeProcessor	 notices;
	unsigned		 statements, finishes;
} db;

struct servers *
servers_of(const char *url, const char *setting, const char **problem)
{
	(void)setting;
	(void)problem;
	return (server_with(url));
}

/* session.h */

const char *
session_sql(void)
{
	return ("SET SESSION");
}

const char *
session_check_set(const PGresult *r)
{
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	return (db.set);
}

const char *
session_check_reported(const PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	return (db.reported);
}

/* libpq */

PGconn *
PQconnectdb(const char *conninfo)
{
	assert_string_equal(conninfo, "url");
	return ((PGconn *)(void *)&connection);
}

ConnStatusType
PQstatus(const PGconn *conn)
{
	(void)conn;
	return (CONNECTION_OK);
}

char *
PQerrorMessage(const PGconn *conn)
{
	static char	 message[] = "it is full\n";

	(void)conn;
	return (message);
}

/* The role's own settings may show any message until ours are set. */
PQnoticeProcessor
PQsetNoticeProcessor(PGconn *conn, PQnoticeProcessor fn, void *arg)
{
	PQnoticeProcessor	 before = db.notices;

	assert_ptr_equal(conn, &connection);
	assert_null(arg);
	db.notices = fn;
	return (before);
}

PGresult *
PQexec(PGconn *conn, const char *sql)
{
	assert_ptr_equal(conn, &connection);
	assert_string_equal(sql, "SET SESSION");
	assert_non_null(db.notices);
	db.statements++;
	return (PQmakeEmptyPGresult(NULL, db.fails ? PGRES_FATAL_ERROR :
	    PGRES_TUPLES_OK));
}

void
PQfinish(PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	db.finishes++;
}

static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	database_init("url", "KEEL_DATABASE_URL");
	return (0);
}

static void
refuses(const char *message)
{
	const char	*problem = NULL;
	unsigned	 finished = db.finishes;

	assert_null(sync_connect(&problem));
	assert_string_equal(problem, message);
	assert_int_equal(db.finishes, finished + 1);
	assert_null(db.notices);
}

/* Nobody gets a session whose settings are not ours. */
static void
test_the_settings(void **state)
{
	const char	*problem;

	(void)state;
	assert_ptr_equal(sync_connect(&problem), &connection);
	assert_int_equal(db.statements, 1);
	assert_int_equal(db.finishes, 0);
	assert_null(db.notices);

	db.fails = true;
	refuses("database: it is full");
	db.fails = false;
	db.set = "TimeZone is wrong";
	refuses("KEEL_DATABASE_URL: TimeZone is wrong");
	db.set = NULL;
	db.reported = "DateStyle is wrong";
	refuses("KEEL_DATABASE_URL: DateStyle is wrong");
}

/* libpq would send them to the server, as settings. */
static void
test_variables_that_would_be_settings(void **state)
{
	(void)state;
	setenv("PGTZ", "Asia/Tokyo", 1);
	setenv("PGDATESTYLE", "German", 1);
	setenv("PGGEQO", "off", 1);
	database_init("url", "KEEL_DATABASE_URL");
	assert_null(getenv("PGTZ"));
	assert_null(getenv("PGDATESTYLE"));
	assert_null(getenv("PGGEQO"));
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_the_settings),
		TEST(test_variables_that_would_be_settings),
	};

	return (cmocka_run_group_tests_name("sync_session", tests, NULL,
	    NULL));
}
