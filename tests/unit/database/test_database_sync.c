/* SPDX-License-Identifier: ISC */
/* Statements of commands and of the start: one connection each, one error. */

/* sources: src/database/servers.c */
/* sources: src/database/database_sync.c src/database/database_row.c */
/* sources: tests/unit/fakes/session_fake.c */

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

#define URL	"postgresql://test"

static int	connection;

static struct {
	const char	*conninfo;	/* NULL: the URL is wrong */
	bool		 reachable;
	const char	*said;		/* PQerrorMessage() */
	unsigned	 sessions;
	ExecStatusType	 status;
	const char	*touched;
	unsigned	 connects, finishes;
	const char	*sql;
	const char	*const *params;
	const char	*sent[2];	/* the first of them */
	int		 nparams;	/* -1: PQexec() */
	int		 columns, rows;
	const char	*values[2][4];
	PGresult	*last;
} db;

struct servers *
servers_of(const char *url, const char *setting, const char **problem)
{
	assert_string_equal(url, URL);
	assert_string_equal(setting, "KEEL_URL");
	*problem = db.conninfo == NULL ? "the URL is wrong" : NULL;
	return (db.conninfo == NULL ? NULL : server_with(db.conninfo));
}

/* libpq */

PGconn *
PQconnectdb(const char *conninfo)
{
	assert_string_equal(conninfo, db.conninfo);
	db.connects++;
	return ((PGconn *)(void *)&connection);
}

ConnStatusType
PQstatus(const PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	return (db.reachable ? CONNECTION_OK : CONNECTION_BAD);
}

char *
PQerrorMessage(const PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	return ((char *)(uintptr_t)db.said);
}

PQnoticeProcessor
PQsetNoticeProcessor(PGconn *conn, PQnoticeProcessor fn, void *arg)
{
	(void)fn;
	(void)arg;
	assert_ptr_equal(conn, &connection);
	return (NULL);
}

void
PQfinish(PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	db.finishes++;
}

static void
add_rows(PGresult *r)
{
	PGresAttDesc	 columns[4];
	static char	 name[] = "c";
	int		 row, i;

	memset(columns, 0, sizeof(columns));
	for (i = 0; i < db.columns; i++)
		columns[i].name = name;
	assert_true(PQsetResultAttrs(r, db.columns, columns));
	for (row = 0; row < db.rows; row++) {
		for (i = 0; i < db.columns; i++)
			assert_true(PQsetvalue(r, row, i,
			    (char *)(uintptr_t)db.values[row][i],
			    db.values[row][i] == NULL ? -1 :
			    (int)strlen(db.values[row][i])));
	}
}

static PGresult *
answer(PGconn *conn, const char *sql)
{
	assert_ptr_equal(conn, &connection);
	db.sql = sql;
	db.last = PQmakeEmptyPGresult(NULL, db.status);
	if (db.columns > 0)
		add_rows(db.last);
	return (db.last);
}

/* sync_wait.c: the session is set. */
PGresult *
sync_run_within(PGconn *conn, const char *sql, int ms)
{
	assert_ptr_equal(conn, &connection);
	assert_string_equal(sql, session_sql());
	assert_int_equal(ms, SYNC_ANSWER_MS);
	db.sessions++;
	return (PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK));
}

PGresult *
PQexec(PGconn *conn, const char *sql)
{
	db.nparams = -1;
	return (answer(conn, sql));
}

PGresult *
PQexecParams(PGconn *conn, const char *sql, int n, const Oid *types,
    const char *const *params, const int *lengths, const int *formats,
    int format)
{
	assert_null(types);
	assert_null(lengths);
	assert_null(formats);
	assert_int_equal(format, 0);
	db.nparams = n;
	db.params = params;
	memcpy(db.sent, params, sizeof(char *) * (size_t)(n < 2 ? n : 2));
	return (answer(conn, sql));
}

char *
PQcmdTuples(PGresult *r)
{
	assert_ptr_equal(r, db.last);
	return ((char *)(uintptr_t)db.touched);
}

/* The tests. */

static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	db.conninfo = "host=x";
	db.reachable = true;
	db.said = "it is full\n";
	db.status = PGRES_COMMAND_OK;
	db.touched = "0";
	database_init(URL, "KEEL_URL");
	return (0);
}

static void
test_connect(void **state)
{
	const char	*problem = NULL;

	(void)state;
	assert_ptr_equal(sync_connect(&problem), &connection);
	assert_int_equal(db.connects, 1);
	assert_int_equal(db.sessions, 1);
	assert_int_equal(db.finishes, 0);

	db.conninfo = NULL;
	database_init(URL, "KEEL_URL");
	assert_null(sync_connect(&problem));
	assert_string_equal(problem, "the URL is wrong");
	assert_int_equal(db.connects, 1);
}

#define READ_WRITE	" (target_session_attrs=read-write)"
#define VERIFY		" (sslmode=verify-full; sslrootcert=FILE has the "\
			"certificate of its authority)"

/* A hint names a default of ours, and only one that is in force. */
static void
test_why_it_cannot_connect(void **state)
{
	static const struct {
		const char	*conninfo;
		const char	*said;
		const char	*message;
	} table[] = {
		{ "host=x", "no route", "no route" },
		{ "host=x", "no route\n", "no route" },
		{ "host=x", "one\ntwo\n\n", "one two" },
		{ "host=x", "", "" },
		{ "host=x", "\n", "" },
		{ "host=x", "session is read-only\n",
		    "session is read-only" READ_WRITE },
		{ "sslmode='verify-full'", "session is read-only",
		    "session is read-only" READ_WRITE },
		{ "sslmode='verify-full'", "but SSL was required\n",
		    "but SSL was required" VERIFY },
		{ "sslmode='verify-full'", "SSL error: x", "SSL error: x"
		    VERIFY },
		{ "sslmode='verify-full'", "a server certificate for y",
		    "a server certificate for y" VERIFY },
		{ "sslmode='verify-full'", "no route", "no route" },
		{ "sslmode='verify-ca'", "SSL error: x", "SSL error: x" },
		{ "host=x", "but SSL was required", "but SSL was required" },
	};
	const char	*problem, *prefix = "cannot reach the database: ";
	char		 expected[256];
	unsigned	 i;

	(void)state;
	db.reachable = false;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		db.conninfo = table[i].conninfo;
		database_init(URL, "KEEL_URL");
		db.said = table[i].said;
		assert_null(sync_connect(&problem));
		snprintf(expected, sizeof(expected), "%s%s", prefix,
		    table[i].message);
		if (*table[i].message == '\0')
			expected[strlen(prefix) - 1] = '\0';
		assert_string_equal(problem, expected);
		assert_int_equal(db.finishes, i + 1);
	}
}

/* Without parameters a text may have several statements. */
static void
test_run(void **state)
{
	static const char	*const params[] = { "a", NULL };
	static const struct {
		ExecStatusType	 status;
		bool		 fine;
	} table[] = {
		{ PGRES_COMMAND_OK, true },
		{ PGRES_TUPLES_OK, true },
		{ PGRES_EMPTY_QUERY, false },
		{ PGRES_FATAL_ERROR, false },
		{ PGRES_BAD_RESPONSE, false },
		{ PGRES_COPY_IN, false },
	};
	PGconn		*conn = (PGconn *)(void *)&connection;
	PGresult	*r;
	unsigned	 i;
	int		 n;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (n = 0; n <= 2; n++) {
			db.status = table[i].status;
			r = sync_run(conn, "A; B", params, n);
			assert_ptr_equal(r, table[i].fine ? db.last : NULL);
			assert_string_equal(db.sql, "A; B");
			assert_int_equal(db.nparams, n == 0 ? -1 : n);
			PQclear(r);
		}
	}
	assert_string_equal(sync_error(conn), "database: it is full");
	assert_int_equal(db.finishes, 0);
}

static void
test_exec_now(void **state)
{
	static const char	*const params[] = { "a", "b" };
	static const struct query q = { .sql = "DELETE" };
	int64_t			 touched = -1;

	(void)state;
	db.touched = "3";
	assert_null(database_exec_now(&q, &touched, params, 2));
	assert_int_equal(touched, 3);
	assert_string_equal(db.sql, "DELETE");
	assert_ptr_equal(db.params, params);
	assert_int_equal(db.nparams, 2);
	assert_int_equal(db.finishes, 1);

	db.status = PGRES_FATAL_ERROR;
	assert_string_equal(database_exec_now(&q, &touched, params, 2),
	    "database: it is full");
	assert_int_equal(touched, 3);
	assert_int_equal(db.finishes, 2);

	db.reachable = false;
	assert_non_null(database_exec_now(&q, &touched, params, 2));
	assert_int_equal(db.finishes, 3);
}

/* A statement may use them in another order than it is given them. */
static void
test_parameters_in_the_order_of_the_statement(void **state)
{
	static const char	*const given[] = { "a", "b", "c" };
	static const struct query_param	 order[] = {
		{ .name = "c", .given = 2 }, { .name = "a", .given = 0 },
	};
	static const struct query	 q = {
		.sql = "DELETE", .params = order, .nparams = 2
	};
	int64_t			 touched;

	(void)state;
	assert_null(database_exec_now(&q, &touched, given, 3));
	assert_int_equal(db.nparams, 2);
	assert_string_equal(db.sent[0], "c");
	assert_string_equal(db.sent[1], "a");
}

struct odd {
	const char	*text;
	int64_t		 number, time;
	bool		 flag;
	const struct odd	*other;
};

static struct member	odd_members[] = {
	MEMBER(odd, text, T_STR, OR_NULL),
	MEMBER(odd, number, T_INT, 0),
	MEMBER(odd, time, T_TIME, OR_NULL),
	MEMBER(odd, flag, T_BOOL, 0),
	{ .structure = "odd", .name = "other", .type = T_OBJECT,
	  .flags = OUT, .offset = offsetof(struct odd, other) },
};

SCHEMA(odd);

static struct {
	struct query	 query;
	struct odd	*row;
	char		 given[2];
} odd_list = { .query = { .name = "odd.list", .row = &odd_schema,
    .sql = "SELECT" } };

static void
answer_rows(int rows, const char *text, const char *number, const char *time,
    const char *flag)
{
	const char	*values[] = { text, number, time, flag };

	db.status = PGRES_TUPLES_OK;
	db.columns = 4;
	db.rows = rows;
	memcpy(db.values[rows - 1], values, sizeof(values));
}

static void
test_rows(void **state)
{
	const char	*problem = NULL;
	struct odd	*rows;
	size_t		 n = 9;

	(void)state;
	answer_rows(1, "\303\244", "-7", "1970-01-01 00:00:01+00", "t");
	answer_rows(2, NULL, "8", NULL, "f");
	rows = db_many_now(odd_list, &n, &problem, "a");
	assert_non_null(rows);
	assert_null(problem);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].text, "\303\244");
	assert_int_equal(rows[0].number, -7);
	assert_int_equal(rows[0].time, 1000000);
	assert_true(rows[0].flag);
	assert_null(rows[0].other);		/* no column */
	assert_null(rows[1].text);
	assert_int_equal(rows[1].number, 8);
	assert_true(rows[1].time == TIME_NULL);
	assert_false(rows[1].flag);
	assert_string_equal(db.sql, "SELECT");
	assert_string_equal(db.sent[0], "a");
	assert_int_equal(db.nparams, 1);
	assert_int_equal(db.finishes, 1);
	free(rows);
	PQclear(db.last);
}

static void
test_no_rows(void **state)
{
	const char	*problem = NULL;
	struct odd	*rows;
	size_t		 n = 9;

	(void)state;
	db.status = PGRES_TUPLES_OK;
	db.columns = 4;
	rows = db_many_now(odd_list, &n, &problem, NULL);
	assert_non_null(rows);
	assert_null(problem);
	assert_int_equal(n, 0);
	free(rows);
	PQclear(db.last);
}

/* The connection is closed each time, and nothing is leaked. */
static void
test_rows_that_are_wrong(void **state)
{
	static const struct {
		const char	*number, *time, *flag, *message;
	} table[] = {
		{ NULL, NULL, "t", "odd.list: number is null" },
		{ "x", NULL, "t", "odd.list: number is no integer" },
		{ "1", "now", "t", "odd.list: time is no time" },
		{ "1", NULL, NULL, "odd.list: flag is null" },
	};
	const char	*problem;
	size_t		 n = 9;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		answer_rows(1, NULL, "1", NULL, "t");
		answer_rows(2, NULL, table[i].number, table[i].time,
		    table[i].flag);
		assert_null(db_many_now(odd_list, &n, &problem, "a"));
		assert_string_equal(problem, table[i].message);
		assert_int_equal(db.finishes, i + 1);
	}
	assert_int_equal(n, 9);

	odd_members[0].flags = 0;
	answer_rows(1, NULL, "1", NULL, "t");
	assert_null(db_many_now(odd_list, &n, &problem, "a"));
	assert_string_equal(problem, "odd.list: text is null");
	odd_members[0].flags = OR_NULL;
}

static void
test_rows_that_do_not_come(void **state)
{
	const char	*problem;
	size_t		 n = 9;

	(void)state;
	db.status = PGRES_TUPLES_OK;
	db.columns = 3;
	assert_null(db_many_now(odd_list, &n, &problem, "a"));
	assert_string_equal(problem, "odd.list: the columns have changed");

	db.status = PGRES_FATAL_ERROR;
	db.columns = 0;
	assert_null(db_many_now(odd_list, &n, &problem, "a"));
	assert_string_equal(problem, "database: it is full");
	assert_int_equal(db.finishes, 2);

	db.reachable = false;
	assert_null(db_many_now(odd_list, &n, &problem, "a"));
	assert_string_equal(problem,
	    "cannot reach the database: it is full");
	assert_int_equal(n, 9);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_connect),
		TEST(test_why_it_cannot_connect),
		TEST(test_run),
		TEST(test_exec_now),
		TEST(test_parameters_in_the_order_of_the_statement),
		TEST(test_rows),
		TEST(test_no_rows),
		TEST(test_rows_that_are_wrong),
		TEST(test_rows_that_do_not_come),
	};

	return (cmocka_run_group_tests_name("database_sync", tests, NULL,
	    NULL));
}
