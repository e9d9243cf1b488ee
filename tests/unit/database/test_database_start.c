/* SPDX-License-Identifier: ISC */
/* The check at the start: what is asked, in which order, and where it ends. */

/* sources: src/database/database_start.c src/database/start_problem.c */

#include "start_fixture.h"

#include "base/register.h"
#include "database/migrations.h"

static struct schema	thing_schema = { .name = "thing" };

#define HEAD		"-- The things.\n\n-- name: things.find\n"
#define FIND_TEXT	"-- a comment\nSELECT \u00e4,\n       b\n"	\
			"  FROM things\n"

static const struct query_file	others_file = { "others", "" };
static const struct query_file	things_file = { "things", HEAD FIND_TEXT };

static const struct query_file	names_file = { "names",
	"SELECT @thing(1\nAS b),\n  c, @others\n FROM t\n WHERE x = :x\n"
	"  AND a::text = :b.set\n  AND d = @last" };

REGISTER(query_files, others_file);
REGISTER(query_files, names_file);
REGISTER(query_files, things_file);

static struct query		find = {
	.name = "things.find", .row = &thing_schema
};
static struct query		change = {
	.name = "things.change", .row = &thing_schema, .sql = "UPDATE things"
};
static struct query *const	queries[] = { &find, &change };

/* What the database does, and what was asked. */
static struct {
	const char	*unmigrated;	/* the error of migrations_check() */
	const char	*no_catalog;
	const char	*bad_columns, *bad_params, *bad_choices;
	bool		 reachable;
	bool		 ascii;
	bool		 no_locale;
	const char	*fails;		/* "prepare things.change" */
	const char	*fields[5];	/* of its error */
	int		 nparams;
	unsigned	 finished;
	int		 catalogs;
	char		 log[1024];
} db;

static void
note(const char *what, const char *name)
{
	size_t	 n = strlen(db.log);

	snprintf(db.log + n, sizeof(db.log) - n, "%s%s%s%s", n > 0 ? ", " : "",
	    what, *name != '\0' ? " " : "", name);
}

/* Other files of the room. */

struct query *const *
database_queries(size_t *n)
{
	*n = 2;
	return (queries);
}

const char *
migrations_check(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	return (db.unmigrated);
}

PGconn *
sync_connect(const char **problem)
{
	*problem = "cannot reach it";
	return (db.reachable ? DB : NULL);
}

const char *
sync_error(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	return ("database: gone");
}

PGresult *
sync_run(PGconn *conn, const char *sql, const char *const *params, int n)
{
	(void)params;
	assert_ptr_equal(conn, DB);
	assert_int_equal(n, 0);
	assert_string_equal(sql, "SELECT lower('\u00c9') = '\u00e9'");
	return (db.no_locale ? NULL : ROWS(1, db.ascii ? "f" : "t"));
}

const char *
catalog_read(struct catalog *all, PGconn *conn)
{
	(void)all;
	assert_ptr_equal(conn, DB);
	if (db.no_catalog == NULL)
		db.catalogs++;
	note("catalog", "");
	return (db.no_catalog);
}

void
catalog_free(struct catalog *all)
{
	(void)all;
	db.catalogs--;
}

const char *
columns_check(PGconn *conn, const struct catalog *all, const struct query *q,
    const PGresult *r)
{
	assert_ptr_equal(conn, DB);
	assert_non_null(all);
	assert_non_null(r);
	note("columns", q->name);
	return (db.bad_columns);
}

const char *
params_check(PGconn *conn, const struct query *q, const PGresult *r)
{
	assert_ptr_equal(conn, DB);
	assert_non_null(r);
	note("params", q->name);
	return (db.bad_params);
}

const char *
constraints_check(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	note("constraints", "");
	return (NULL);
}

const char *
choices_check(PGconn *conn, const struct catalog *all, const struct query *q,
    const PGresult *r)
{
	assert_ptr_equal(conn, DB);
	assert_non_null(all);
	assert_non_null(r);
	note("choices", q->name);
	return (db.bad_choices);
}

/* libpq */

static PGresult *
answer(const char *what, const char *name, ExecStatusType status)
{
	char	 said[128];

	snprintf(said, sizeof(said), "%s %s", what, name);
	note(what, name);
	return (PQmakeEmptyPGresult(NULL, db.fails != NULL &&
	    strcmp(db.fails, said) == 0 ? PGRES_FATAL_ERROR : status));
}

void
PQfinish(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	db.finished++;
}

PGresult *
PQprepare(PGconn *conn, const char *name, const char *sql, int n,
    const Oid *types)
{
	assert_ptr_equal(conn, DB);
	assert_int_equal(n, 0);
	assert_null(types);
	assert_string_equal(sql, strcmp(name, "things.find") == 0 ? find.sql :
	    change.sql);
	return (answer("prepare", name, PGRES_COMMAND_OK));
}

PGresult *
PQdescribePrepared(PGconn *conn, const char *name)
{
	assert_ptr_equal(conn, DB);
	return (answer("describe", name, PGRES_COMMAND_OK));
}

PGresult *
PQexec(PGconn *conn, const char *sql)
{
	assert_ptr_equal(conn, DB);
	return (answer("run", sql, PGRES_TUPLES_OK));
}

int
PQnparams(const PGresult *r)
{
	assert_non_null(r);
	return (db.nparams);
}

char *
PQresultErrorField(const PGresult *r, int field)
{
	assert_non_null(r);
	return ((char *)(uintptr_t)db.fields[
	    field == PG_DIAG_MESSAGE_PRIMARY ? 0 :
	    field == PG_DIAG_STATEMENT_POSITION ? 1 :
	    field == PG_DIAG_MESSAGE_HINT ? 2 :
	    field == PG_DIAG_MESSAGE_DETAIL ? 3 : 4]);
}

char *
PQresultErrorMessage(const PGresult *r)
{
	static char	 why[] = "server closed\n\tthe connection\n";

	assert_non_null(r);
	return (why);
}

/* The tests. */

static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	db.reachable = true;
	find.sql = "-- a comment\nSELECT \u00e4,\n       b\n  FROM things";
	find.section = things_file.text + strlen(HEAD);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(db.catalogs, 0);
	return (0);
}

#define ALL_OF(name)	"prepare " name ", describe " name		\
			", columns " name ", params " name		\
			", choices " name ", run EXPLAIN EXECUTE "	\
			"\"" name "\""

/* The catalog is read once. */
static void
test_a_good_start(void **state)
{
	(void)state;
	assert_null(database_check());
	assert_string_equal(db.log, "catalog, " ALL_OF("things.find") ", "
	    ALL_OF("things.change") ", constraints");
	assert_int_equal(db.finished, 1);
}

static void
test_every_parameter_is_null_in_a_plan(void **state)
{
	(void)state;
	db.nparams = 2;
	assert_null(database_check());
	assert_non_null(strstr(db.log, "run EXPLAIN EXECUTE \"things.find\""
	    "(NULL, NULL), prepare"));
	db.nparams = 75;
	assert_null(database_check());
	db.nparams = 85;
	assert_string_equal(database_check(), "sql/queries/things.sql: "
	    "things.find: it has too many parameters");
}

static void
test_what_comes_before_the_statements(void **state)
{
	(void)state;
	db.reachable = false;
	assert_string_equal(database_check(), "cannot reach it");
	assert_int_equal(db.finished, 0);
	setup(NULL);
	db.no_catalog = "database: gone";
	assert_string_equal(database_check(), "database: gone");
	assert_string_equal(db.log, "catalog");
	assert_int_equal(db.finished, 1);
	setup(NULL);
	db.no_locale = true;
	assert_string_equal(database_check(), "database: gone");
	db.no_locale = false;
	db.ascii = true;
	assert_string_equal(database_check(), "the database's locale knows "
	    "ASCII alone: make one with LC_CTYPE 'C.UTF-8'");
	db.unmigrated = "the database is older";
	assert_string_equal(database_check(), "the database is older");
	assert_string_equal(db.log, "");
	assert_int_equal(db.finished, 3);
}

/* Nothing follows the first mistake. */
static void
test_a_mistake_ends_it(void **state)
{
	static const struct {
		const char	**where;
		const char	*last;
	} cases[] = {
		{ &db.bad_columns, "columns things.find" },
		{ &db.bad_params, "params things.find" },
		{ &db.bad_choices, "choices things.find" },
	};
	size_t	 i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(NULL);
		*cases[i].where = "a mistake";
		assert_string_equal(database_check(), "a mistake");
		n = strlen(db.log) - strlen(cases[i].last);
		assert_string_equal(db.log + n, cases[i].last);
		assert_int_equal(db.finished, 1);
		assert_int_equal(db.catalogs, 0);
	}
}

/* The last line of what was asked is the one that failed. */
static void
test_errors_of_postgresql(void **state)
{
	static const char *const	fails[] = {
		"prepare things.change", "describe things.change",
		"run EXPLAIN EXECUTE \"things.change\"",
	};
	size_t	 i, n;

	(void)state;
	for (i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		setup(NULL);
		db.fails = fails[i];
		db.fields[0] = "column \"b\" does not exist";
		assert_string_equal(database_check(), "sql/queries/things.sql"
		    ": things.change: column \"b\" does not exist");
		n = strlen(db.log) - strlen(fails[i]);
		assert_string_equal(db.log + n, fails[i]);
		assert_int_equal(db.finished, 1);
		assert_int_equal(db.catalogs, 0);
	}
}

#define FIND	"sql/queries/things.sql: things.find: "

/* A position counts characters: the comment has 12 and a line's end. */
static void
test_the_line_of_an_error(void **state)
{
	static const struct {
		const char	*position;
		const char	*line;
	} cases[] = {
		{ "1", FIND "line 4: no" }, { "13", FIND "line 4: no" },
		{ "14", FIND "line 5: no" }, { "22", FIND "line 5: no" },
		{ "23", FIND "line 5: no" }, { "24", FIND "line 6: no" },
		{ "32", FIND "line 6: no" }, { "33", FIND "line 7: no" },
		{ "900", FIND "line 7: no" }, { NULL, FIND "no" },
	};
	size_t	 i;

	(void)state;
	db.fails = "prepare things.find";
	db.fields[0] = "no";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		db.fields[1] = cases[i].position;
		assert_string_equal(database_check(), cases[i].line);
	}
	/* Of EXPLAIN, it is a position in another text. */
	db.fails = "run EXPLAIN EXECUTE \"things.find\"";
	db.fields[1] = "14";
	assert_string_equal(database_check(), FIND "no");
}

/* What stands for names has lines of its own. */
static void
test_the_line_behind_names(void **state)
{
	static const char	sql[] =
	    "SELECT a,\n  1\nAS b,\n  c, d,\n   e\n FROM t\n WHERE x = $1\n"
	    "  AND a::text = $2::boolean\n  AND d = l,\n m";
	static const struct {
		const char	*at;
		unsigned	 line;
	} cases[] = {
		{ "SELECT", 1 }, { "a,", 1 }, { "1", 1 }, { "AS b", 1 },
		{ "c, d", 3 }, { "e\n", 3 }, { "FROM", 4 }, { "WHERE", 5 },
		{ "$1", 5 }, { "AND a", 6 }, { "text", 6 }, { "$2", 6 },
		{ "AND d", 7 }, { "l,", 7 }, { "m", 7 },
	};
	char	 position[8], line[80];
	size_t	 i;

	(void)state;
	db.fails = "prepare things.find";
	db.fields[0] = "no";
	find.sql = sql;
	find.section = names_file.text;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(position, sizeof(position), "%zu",
		    (size_t)(strstr(sql, cases[i].at) - sql) + 1);
		db.fields[1] = position;
		snprintf(line, sizeof(line), FIND "line %u: no",
		    cases[i].line);
		assert_string_equal(database_check(), line);
	}
}

static void
test_what_else_postgresql_says(void **state)
{
	(void)state;
	db.fails = "prepare things.find";
	db.fields[0] = "column \"nam\" does not exist";
	db.fields[1] = "14";
	db.fields[2] = "Perhaps you meant\nthe column \"name\".";
	db.fields[3] = "A detail.";
	assert_string_equal(database_check(), FIND "line 5: column \"nam\" "
	    "does not exist (Perhaps you meant the column \"name\".)");
	db.fields[2] = NULL;
	assert_string_equal(database_check(), FIND "line 5: column \"nam\" "
	    "does not exist (A detail.)");
	db.fields[3] = NULL;
	assert_string_equal(database_check(),
	    FIND "line 5: column \"nam\" does not exist");
	/* Without an answer, libpq itself has a message. */
	db.fields[0] = NULL;
	assert_string_equal(database_check(),
	    FIND "server closed  the connection");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(test_a_good_start),
		TEST(test_every_parameter_is_null_in_a_plan),
		TEST(test_what_comes_before_the_statements),
		TEST(test_a_mistake_ends_it),
		TEST(test_errors_of_postgresql),
		TEST(test_the_line_of_an_error),
		TEST(test_the_line_behind_names),
		TEST(test_what_else_postgresql_says),
	};

	return (cmocka_run_group_tests_name("database_start", tests, NULL,
	    NULL));
}
