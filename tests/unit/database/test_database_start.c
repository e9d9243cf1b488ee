/* SPDX-License-Identifier: ISC */
/* The check at the start: every statement, its plan, its columns. */

/* sources: src/database/database_start.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/register.h"
#include "database/migrations.h"
#include "database/pool.h"
#include "database/sync.h"

struct thing {
	const char	*text;
	const char	*id;
	bool		 flag;
	int64_t		 number;
	int64_t		 time;
	const char	*json;
};

/* The tests change it. */
static struct member	columns[] = {
	MEMBER(thing, text, T_STR, 0),
	MEMBER(thing, id, T_UUID, 0),
	MEMBER(thing, flag, T_BOOL, 0),
	MEMBER(thing, number, T_INT, 0),
	MEMBER(thing, time, T_TIME, 0),
	MEMBER(thing, json, T_JSON, 0),
};

#define NCOLUMNS	6

static const Oid	good_types[NCOLUMNS] = {
	25, 2950, 16, 20, 1184, 3802
};

static const struct schema	thing_schema = {
	.name = "thing", .members = columns, .nmembers = NCOLUMNS,
	.size = sizeof(struct thing),
};

const struct schema	none_schema = { .name = "none" };

QUERY(things, find, thing);
QUERY(things, find_all, none);
QUERY(things, change, none);
QUERY(others, last, none);

static const struct query_file	things_file = { "things",
	"-- the file's head\n"
	"-- name: things.find_all\nSELECT all\n\n"
	"-- name: things.find\n-- a comment\nSELECT one\n"
	"-- name: things.change\nUPDATE $1" };
static const struct query_file	others_file = { "others",
	"-- name: others.first\nSELECT first\n"
	"-- name: others.last\nSELECT last\n" };

REGISTER(query_files, things_file);
REGISTER(query_files, others_file);

/* What the database does. */
static struct {
	const char	*unmigrated;	/* the error of migrations_check() */
	bool		 reachable;
	bool		 ascii;
	const char	*unprepared;	/* this statement fails at PREPARE, */
	const char	*undescribed;	/* or later */
	const char	*unplanned;
	const char	*described;	/* the last one */
	Oid		 types[NCOLUMNS];
	const char	*names[NCOLUMNS];
	int		 ncolumns;
	int		 nparams;	/* of things.find */
	unsigned	 prepared, planned, finished;
	char		 explained[512];
} db;

static int	connection;

/* Other files of the room. */

const char *
migrations_check(PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	return (db.unmigrated);
}

PGconn *
sync_connect(const char **problem)
{
	*problem = "cannot reach it";
	return (db.reachable ? (PGconn *)(void *)&connection : NULL);
}

const char *
sync_error(PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	return ("database: gone");
}

static PGresult *
with_columns(ExecStatusType status, int n, const char *const *names,
    const Oid *types)
{
	PGresAttDesc	 all[NCOLUMNS + 1];
	PGresult	*r = PQmakeEmptyPGresult(NULL, status);
	int		 i;

	memset(all, 0, sizeof(all));
	for (i = 0; i < n; i++) {
		all[i].name = (char *)(uintptr_t)names[i];
		all[i].typid = types[i];
		all[i].typlen = -1;
	}
	assert_true(PQsetResultAttrs(r, n, all));
	return (r);
}

PGresult *
sync_run(PGconn *conn, const char *sql, const char *const *params, int n)
{
	static const char	*const name = "?column?";
	static const Oid	 type = 16;
	PGresult		*r;
	char			 t[] = "t", f[] = "f";

	(void)params;
	assert_ptr_equal(conn, &connection);
	assert_int_equal(n, 0);
	assert_string_equal(sql, "SELECT lower('\u00c9') = '\u00e9'");
	r = with_columns(PGRES_TUPLES_OK, 1, &name, &type);
	assert_true(PQsetvalue(r, 0, 0, db.ascii ? f : t, 1));
	return (r);
}

/* libpq */

void
PQfinish(PGconn *conn)
{
	assert_ptr_equal(conn, &connection);
	db.finished++;
}

PGresult *
PQprepare(PGconn *conn, const char *name, const char *sql, int n,
    const Oid *types)
{
	assert_ptr_equal(conn, &connection);
	assert_int_equal(n, 0);
	assert_null(types);
	assert_non_null(sql);
	db.prepared++;
	return (PQmakeEmptyPGresult(NULL, db.unprepared != NULL &&
	    strcmp(db.unprepared, name) == 0 ? PGRES_FATAL_ERROR :
	    PGRES_COMMAND_OK));
}

PGresult *
PQdescribePrepared(PGconn *conn, const char *name)
{
	assert_ptr_equal(conn, &connection);
	if (db.undescribed != NULL && strcmp(db.undescribed, name) == 0)
		return (PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR));
	db.described = name;
	return (with_columns(PGRES_COMMAND_OK, strcmp(name, "things.find") ==
	    0 ? db.nmembers : 0, db.names, db.types));
}

PGresult *
PQexec(PGconn *conn, const char *sql)
{
	assert_ptr_equal(conn, &connection);
	if (strcmp(db.described, "things.find") == 0)
		snprintf(db.explained, sizeof(db.explained), "%s", sql);
	db.planned++;
	return (PQmakeEmptyPGresult(NULL, db.unplanned != NULL &&
	    strstr(sql, db.unplanned) != NULL ? PGRES_FATAL_ERROR :
	    PGRES_TUPLES_OK));
}

int
PQnparams(const PGresult *r)
{
	assert_non_null(r);
	return (strcmp(db.described, "things.find") == 0 ? db.nparams : 0);
}

char *
PQresultErrorMessage(const PGresult *r)
{
	static char	 why[] = "ERROR: no";

	assert_non_null(r);
	return (why);
}

/* The tests. */

static void
forget(void)
{
	struct query	*all[] = { &things_find.query, &things_find_all.query,
			    &things_change.query, &others_last.query };
	unsigned	 i;

	for (i = 0; i < 4; i++) {
		free((void *)(uintptr_t)all[i]->sql);
		all[i]->sql = NULL;
	}
}

static void
load(void)
{
	forget();
	assert_null(database_load());
}

static int
setup(void **state)
{
	static const enum member_type	 types[NCOLUMNS] = {
		T_STR, T_UUID, T_BOOL, T_INT, T_TIME, T_JSON
	};
	unsigned			 i;

	(void)state;
	memset(&db, 0, sizeof(db));
	db.reachable = true;
	db.nmembers = NCOLUMNS;
	for (i = 0; i < NCOLUMNS; i++) {
		columns[i].structure = "thing";
		columns[i].type = types[i];
		db.names[i] = columns[i].name;
		db.types[i] = good_types[i];
	}
	things_find.query.name = "things.find";
	load();
	return (0);
}

/* A name may begin like another's, and be the last of its file. */
static void
test_statements_are_found(void **state)
{
	(void)state;
	assert_string_equal(things_find_all.query.sql, "SELECT all\n\n");
	assert_string_equal(things_find.query.sql,
	    "-- a comment\nSELECT one\n");
	assert_string_equal(things_change.query.sql, "UPDATE $1");
	assert_string_equal(others_last.query.sql, "SELECT last\n");
	forget();
	things_find.query.name = "things.fin";
	assert_string_equal(database_load(),
	    "sql/queries has no section named things.fin");
	things_find.query.name = "others.first";
	load();
	assert_string_equal(things_find.query.sql, "SELECT first\n");
}

static void
test_a_good_start(void **state)
{
	(void)state;
	db.nparams = 2;
	assert_null(database_check());
	assert_int_equal(db.prepared, 4);
	assert_int_equal(db.planned, 4);
	assert_int_equal(db.finished, 1);
	assert_int_equal(things_find.query.nparams, 2);
	assert_string_equal(db.explained,
	    "EXPLAIN EXECUTE \"things.find\"(NULL, NULL)");
	db.nparams = 0;
	assert_null(database_check());
	assert_string_equal(db.explained, "EXPLAIN EXECUTE \"things.find\"");
}

static void
test_what_stops_the_start(void **state)
{
	(void)state;
	db.reachable = false;
	assert_string_equal(database_check(), "cannot reach it");
	assert_int_equal(db.finished, 0);

	setup(NULL);
	db.ascii = true;
	assert_non_null(strstr(database_check(), "LC_CTYPE 'C.UTF-8'"));
	db.unmigrated = "the database is older";
	assert_string_equal(database_check(), "the database is older");
	assert_int_equal(db.prepared, 0);
	assert_int_equal(db.finished, 2);

	setup(NULL);
	db.unprepared = "things.change";
	assert_string_equal(database_check(),
	    "sql/queries: things.change: ERROR: no");
	assert_int_equal(db.planned, db.prepared - 1);

	setup(NULL);
	db.undescribed = "things.change";
	assert_string_equal(database_check(),
	    "sql/queries: things.change: ERROR: no");

	setup(NULL);
	db.unplanned = "things.find_all";
	assert_string_equal(database_check(),
	    "sql/queries: things.find_all: ERROR: no");
	assert_int_equal(db.planned, db.prepared);
	assert_int_equal(db.finished, 1);
}

static void
test_a_statement_has_too_many_parameters(void **state)
{
	(void)state;
	db.nparams = 75;
	assert_null(database_check());
	db.nparams = 85;
	assert_string_equal(database_check(),
	    "sql/queries: things.find: it has too many parameters");
}

#define OTHER	"sql/queries: things.find: its columns are not those of its " \
		"model"

static void
test_columns_are_the_models(void **state)
{
	(void)state;
	db.nmembers = NCOLUMNS - 1;
	assert_string_equal(database_check(), OTHER);
	db.nmembers = 0;
	assert_string_equal(database_check(), OTHER);

	setup(NULL);
	db.names[NCOLUMNS - 1] = "Json";
	assert_string_equal(database_check(), OTHER ", or in another order");
	setup(NULL);
	db.names[0] = "id";
	assert_string_equal(database_check(), OTHER ", or in another order");
	setup(NULL);
	columns[NCOLUMNS - 1].structure = "another";
	assert_string_equal(database_check(),
	    "sql/queries: things.find: its model has a column of another "
	    "struct");
}

/* Every type of a member with every type of a column. */
static void
test_types_fit(void **state)
{
	static const Oid	 all[] = {
		16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 700, 701, 869, 1042,
		1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 2951, 3802,
	};
	static const struct {
		enum member_type	 type;
		Oid		 fit[3];
	} table[] = {
		{ T_STR, { 25, 1043 } },
		{ T_UUID, { 2950 } },
		{ T_BOOL, { 16 } },
		{ T_INT, { 20, 21, 23 } },
		{ T_TIME, { 1184 } },
		{ T_JSON, { 3802 } },
		{ T_LIST, { 0 } },
	};
	unsigned		 i, k;
	bool			 fits;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			columns[0].type = table[i].type;
			db.types[0] = all[k];
			fits = all[k] == table[i].fit[0] ||
			    all[k] == table[i].fit[1] ||
			    all[k] == table[i].fit[2];
			if (fits)
				assert_null(database_check());
			else
				assert_string_equal(database_check(),
				    "sql/queries: things.find: a column has "
				    "another type than its model's");
		}
	}
}

static int
teardown(void **state)
{
	(void)state;
	forget();
	return (0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_statements_are_found),
		TEST(test_a_good_start),
		TEST(test_what_stops_the_start),
		TEST(test_a_statement_has_too_many_parameters),
		TEST(test_columns_are_the_models),
		TEST(test_types_fit),
	};

	return (cmocka_run_group_tests_name("database_start", tests, NULL,
	    NULL));
}
