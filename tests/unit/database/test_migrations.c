/* SPDX-License-Identifier: ISC */
/* Which statements ./keel migrate sends, in which order, and where it stops. */

/* sources: src/database/migrations.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/register.h"
#include "database/database.h"
#include "database/migrations.h"
#include "database/sync.h"
#include "utils/text.h"

/* In another order than their versions. */
static struct migration	third = { "0003_c", "CREATE c" };
static struct migration	first = { "0001_a", "CREATE a" };
static struct migration	second = { "0002_b", "CREATE b" };

REGISTER(migrations, third);
REGISTER(migrations, first);
REGISTER(migrations, second);

/* The database: what it holds, what it was sent, and where it fails. */
static struct {
	bool		 reachable;
	bool		 has_table;
	char		 sums[8][65];	/* sum_of(); "": not applied */
	unsigned	 fails_at;	/* the n-th statement; 0: none */
	unsigned	 sent;
	unsigned	 open;		/* connections */
	char		 log[4096];
} database;

/* Of a version; those of a project's own come last. */
static char *
sum_of(int version)
{
	assert_true(version < 4 || (version > 1000 && version < 1004));
	return (database.sums[version < 4 ? version : version - 1000 + 3]);
}

static int	connection;

/* libpq */

void
PQfinish(PGconn *db)
{
	assert_ptr_equal(db, &connection);
	database.open--;
}

char *
PQerrorMessage(const PGconn *db)
{
	static char	 why[] = "it is full\n";

	assert_ptr_equal(db, &connection);
	return (why);
}

/* sync.h */

PGconn *
sync_connect(const char **problem)
{
	*problem = NULL;
	if (!database.reachable) {
		*problem = "cannot reach the database";
		return (NULL);
	}
	database.open++;
	return ((PGconn *)(void *)&connection);
}

const char *
sync_error(PGconn *db)
{
	assert_ptr_equal(db, &connection);
	return ("database: it is full");
}

static PGresult *
one_text(const char *text)
{
	PGresAttDesc	 column = { .name = (char *)"x", .typlen = -1 };
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_true(PQsetResultAttrs(r, 1, &column));
	if (text != NULL && *text != '\0')
		assert_true(PQsetvalue(r, 0, 0, (char *)text,
		    (int)strlen(text)));
	return (r);
}

PGresult *
sync_run(PGconn *db, const char *sql, const char *const *params, int n)
{
	size_t		 len = strlen(database.log);
	struct text	 log = text_in(database.log + len,
			    sizeof(database.log) - len);
	int		 i;

	assert_ptr_equal(db, &connection);
	text_printf(&log, "%.30s", sql);
	for (i = 0; i < n; i++)
		text_printf(&log, " %.8s", params[i]);
	text_puts(&log, "\n");
	assert_false(log.cut);
	if (++database.sent == database.fails_at)
		return (NULL);
	if (strncmp(sql, "SELECT to_regclass", 18) == 0)
		return (one_text(database.has_table ? "t" : "f"));
	if (strncmp(sql, "SELECT checksum", 15) == 0)
		return (one_text(sum_of(atoi(params[0]))));
	if (strncmp(sql, "CREATE TABLE IF NOT EXISTS", 26) == 0)
		database.has_table = true;
	if (strncmp(sql, "INSERT INTO", 11) == 0) {
		assert_string_equal(sql, "INSERT INTO keel_migrations "
		    "(version, name, checksum) VALUES ($1, $2, $3)");
		assert_int_equal(strlen(params[2]), 64);
		strcpy(sum_of(atoi(params[0])), params[2]);
	}
	return (PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK));
}

/* The tests. */

static char	printed[1024];

/* Keeps what it prints. */
static const char *
migrate(bool dry_run)
{
	FILE		*f = tmpfile();
	const char	*problem;
	size_t		 n;
	int		 kept = dup(STDOUT_FILENO);

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	database.sent = 0;
	database.log[0] = '\0';
	problem = migrations_run(dry_run);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(f);
	n = fread(printed, 1, sizeof(printed) - 1, f);
	printed[n] = '\0';
	fclose(f);
	assert_int_equal(database.open, 0);
	return (problem);
}

static int
setup(void **state)
{
	(void)state;
	memset(&database, 0, sizeof(database));
	database.reachable = true;
	first.name = "0001_a";
	second.name = "0002_b";
	third.name = "0003_c";
	second.sql = "CREATE b";
	return (0);
}

#define SESSION		"SET statement_timeout = 0\n"			\
			"SET client_min_messages = warn\n"		\
			"SELECT pg_advisory_lock(759741\n"
#define TABLE		"CREATE TABLE IF NOT EXISTS kee\n"
#define IS_TABLE	"SELECT to_regclass('keel_migra\n"
#define IS_APPLIED(n)	"SELECT checksum FROM keel_migr " n "\n"
/* The checksums begin as sha256sum prints them. */
#define APPLY(n, sql)	"BEGIN\n" sql "\n"				\
			"INSERT INTO keel_migrations (v " n
#define ALL		SESSION TABLE IS_TABLE				\
			IS_APPLIED("1") APPLY("1", "CREATE a")		\
			" 0001_a 993abce8\nCOMMIT\n"			\
			IS_APPLIED("2") APPLY("2", "CREATE b")		\
			" 0002_b 30233e5f\nCOMMIT\n"			\
			IS_APPLIED("3") APPLY("3", "CREATE c")		\
			" 0003_c d0a3d071\nCOMMIT\n"

/* The timeout is off before it waits for the lock. */
static void
test_all_are_applied_in_order(void **state)
{
	(void)state;
	assert_null(migrate(false));
	assert_string_equal(database.log, ALL);
	assert_string_equal(printed, "keel: applying 0001_a\n"
	    "keel: applying 0002_b\nkeel: applying 0003_c\n");
	assert_null(migrate(false));
	assert_string_equal(database.log, SESSION TABLE IS_TABLE
	    IS_APPLIED("1") IS_APPLIED("2") IS_APPLIED("3"));
	assert_string_equal(printed,
	    "keel: the database is up to date (version 3)\n");
}

static void
test_one_that_is_missing_is_applied(void **state)
{
	(void)state;
	assert_null(migrate(false));
	database.sums[2][0] = '\0';
	assert_null(migrate(false));
	assert_string_equal(database.log, SESSION TABLE IS_TABLE
	    IS_APPLIED("1") IS_APPLIED("2") APPLY("2", "CREATE b")
	    " 0002_b 30233e5f\nCOMMIT\n" IS_APPLIED("3"));
	assert_string_equal(printed, "keel: applying 0002_b\n");
}

/* The project has applied its own before it merges 0002. */
static void
test_a_project_gets_a_later_one_of_the_original(void **state)
{
	(void)state;
	third.name = "1001_c";
	assert_null(migrate(false));
	assert_string_equal(printed, "keel: applying 0001_a\n"
	    "keel: applying 0002_b\nkeel: applying 1001_c\n");
	*sum_of(2) = '\0';
	assert_string_equal(migrations_check((PGconn *)(void *)&connection),
	    "the database is older than this server: migration 0002_b is not "
	    "applied (run ./keel migrate)");
	assert_null(migrate(true));
	assert_string_equal(printed, "keel: would apply 0002_b\n");
	assert_null(migrate(false));
	assert_string_equal(database.log, SESSION TABLE IS_TABLE
	    IS_APPLIED("1") IS_APPLIED("2") APPLY("2", "CREATE b")
	    " 0002_b 30233e5f\nCOMMIT\n" IS_APPLIED("1001"));
	assert_null(migrate(false));
	assert_string_equal(printed, "keel: the database is up to date "
	    "(version 2, and 1001 of its own)\n");
	*sum_of(1001) = '\0';
	assert_string_equal(migrations_check((PGconn *)(void *)&connection),
	    "the database is older than this server: migration 1001_c is not "
	    "applied (run ./keel migrate)");
}

static void
test_a_dry_run_only_reads(void **state)
{
	(void)state;
	assert_null(migrate(true));
	assert_string_equal(database.log, SESSION IS_TABLE);
	assert_string_equal(printed, "keel: would apply 0001_a\n"
	    "keel: would apply 0002_b\nkeel: would apply 0003_c\n");
	assert_null(migrate(false));
	database.sums[3][0] = '\0';
	assert_null(migrate(true));
	assert_string_equal(database.log, SESSION IS_TABLE IS_APPLIED("1")
	    IS_APPLIED("2") IS_APPLIED("3"));
	assert_string_equal(printed, "keel: would apply 0003_c\n");
	assert_string_equal(database.sums[3], "");
}

/* Nothing is sent after the statement that fails; closing rolls back. */
static void
test_it_stops_at_the_first_failure(void **state)
{
	unsigned	 n, total;
	const char	*problem;
	char		 whole[sizeof(database.log)];

	(void)state;
	assert_null(migrate(false));
	total = database.sent;
	assert_int_equal(total, 20);
	strcpy(whole, database.log);
	for (n = 1; n <= total; n++) {
		setup(NULL);
		database.fails_at = n;
		problem = migrate(false);
		assert_non_null(problem);
		assert_int_equal(database.sent, n);
		assert_memory_equal(database.log, whole, strlen(database.log));
		assert_non_null(strstr(problem, "database: it is full"));
		if (n >= 7 && (n - 6) % 5 >= 1 && (n - 6) % 5 <= 3)
			assert_memory_equal(problem, "sql/migrations/000", 18);
	}
}

static void
test_a_file_that_failed_is_named(void **state)
{
	(void)state;
	database.fails_at = 13;
	assert_string_equal(migrate(false),
	    "sql/migrations/0002_b.sql: database: it is full");
	assert_string_not_equal(database.sums[1], "");
	assert_string_equal(database.sums[2], "");
	assert_string_equal(printed,
	    "keel: applying 0001_a\nkeel: applying 0002_b\n");
}

static void
test_a_file_that_has_changed_is_refused(void **state)
{
	bool	 dry_run = false;

	(void)state;
	assert_null(migrate(false));
	second.sql = "CREATE B";
	do {
		assert_string_equal(migrate(dry_run), "sql/migrations/0002_b."
		    "sql is not the file that was applied to this database");
		assert_non_null(strstr(database.log, IS_APPLIED("2")));
		assert_null(strstr(database.log, IS_APPLIED("3")));
		dry_run = !dry_run;
	} while (dry_run);
	assert_string_equal(migrations_check((PGconn *)(void *)&connection),
	    "sql/migrations/0002_b.sql is not the file that was applied to "
	    "this database");
}

static void
test_names(void **state)
{
	static const struct {
		const char	*first, *second, *third;
		const char	*problem;
	} cases[] = {
		{ "0001_a", "0002_b", "0003_c", NULL },
		{ "0003_a", "0001_b", "0002_c_d2", NULL },
		{ "0001_a", "0002_b", "0004_d", "sql/migrations has no 0003: "
		    "the numbers go from 0001 to 0004 without a gap" },
		{ "0002_a", "0003_b", "0004_d", "sql/migrations has no 0001: "
		    "the numbers go from 0001 to 0004 without a gap" },
		{ "0001_a", "0002_b", "0002_c", "sql/migrations/0002_c.sql "
		    "has the number of 0002_b.sql: give the newer one the "
		    "number 0003 (those of a project of its own begin at "
		    "1001)" },
		{ "notes", "0002_b", "0003_c", "sql/migrations/notes.sql: a "
		    "migration's name is four digits and words: 1001_notes" },
		{ "0001_a", "002_notes", "0003_c", "sql/migrations/002_notes."
		    "sql: a migration's name is four digits and words: "
		    "0004_notes" },
		{ "0001_a", "0002_b", "00003_c", "sql/migrations/00003_c.sql:"
		    " a migration's name is four digits and words: 0004_c" },
		{ "0001_a", "001x_b", "0003_c", "sql/migrations/001x_b.sql: a "
		    "migration's name is four digits and words: 0004_x_b" },
		{ "0001_a", "0002", "0003_c", "sql/migrations/0002.sql: a "
		    "migration's name is four digits and words: 0004_words" },
		{ "0001_a", "0002b", "0003_c", "sql/migrations/0002b.sql: a "
		    "migration's name is four digits and words: 0004_b" },
		{ "0001_a", "0002_", "0003_c", "sql/migrations/0002_.sql: a "
		    "migration's name is four digits and words: 0004_words" },
		{ "0000_a", "0001_b", "0002_c", "sql/migrations/0000_a.sql: a "
		    "migration's name is four digits and words: 1001_a" },
		/* A project's own. */
		{ "0001_a", "1001_b", "1002_c", NULL },
		{ "1002_a", "0001_b", "1001_c", NULL },
		{ "1001_a", "1002_b", "1003_c", NULL },
		{ "0001_a", "1001_b", "0003_c", "sql/migrations has no 0002: "
		    "the numbers go from 0001 to 0003 without a gap" },
		{ "0001_a", "1001_b", "1003_c", "sql/migrations has no 1002: "
		    "a project's own numbers go from 1001 to 1003 without a "
		    "gap" },
		{ "0001_a", "0002_b", "1002_c", "sql/migrations has no 1001: "
		    "a project's own numbers go from 1001 to 1002 without a "
		    "gap" },
		{ "0001_a", "1001_b", "1001_c", "sql/migrations/1001_c.sql "
		    "has the number of 1001_b.sql: give the newer one the "
		    "number 1002" },
		{ "0001_a", "1000_b", "1001_c", "sql/migrations/1000_b.sql: a "
		    "migration's name is four digits and words: 1002_b" },
		{ "0001_a", "10001_b", "0002_c", "sql/migrations/10001_b.sql:"
		    " a migration's name is four digits and words: 1001_b" },
		{ "0998_a", "1001_b", "0999_c", "sql/migrations has no 0001: "
		    "the numbers go from 0001 to 0999 without a gap" },
	};
	const char	*problem;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		first.name = cases[i].first;
		second.name = cases[i].second;
		third.name = cases[i].third;
		problem = migrations_names();
		if (cases[i].problem == NULL)
			assert_null(problem);
		else
			assert_string_equal(problem, cases[i].problem);
	}
}

static void
test_no_database(void **state)
{
	(void)state;
	database.reachable = false;
	assert_string_equal(migrate(false), "cannot reach the database");
	assert_int_equal(database.sent, 0);
}

static void
test_the_highest_version(void **state)
{
	(void)state;
	assert_int_equal(migrations_version(), 3);
	assert_int_equal(migrations_own_version(), 0);
	first.name = "0012_a";
	second.name = "1002_b";
	assert_int_equal(migrations_version(), 12);
	assert_int_equal(migrations_own_version(), 1002);
	third.name = "9999_c";
	first.name = "0999_a";
	assert_int_equal(migrations_version(), 999);
	assert_int_equal(migrations_own_version(), 9999);
}

/* The server's check at its start. */

static const char *
check(void)
{
	database.sent = 0;
	database.log[0] = '\0';
	return (migrations_check((PGconn *)(void *)&connection));
}

static void
test_the_server_needs_all(void **state)
{
	static const char	*const why[] = { NULL,
		"the database is older than this server: migration 0001_a is "
		"not applied (run ./keel migrate)",
		"the database is older than this server: migration 0002_b is "
		"not applied (run ./keel migrate)",
		"the database is older than this server: migration 0003_c is "
		"not applied (run ./keel migrate)",
	};
	int	 version;

	(void)state;
	assert_string_equal(check(), why[1]);
	assert_string_equal(database.log, IS_TABLE);
	assert_null(migrate(false));
	assert_null(check());
	assert_string_equal(database.log, IS_TABLE IS_APPLIED("1")
	    IS_APPLIED("2") IS_APPLIED("3"));
	for (version = 3; version >= 1; version--) {
		database.sums[version][0] = '\0';
		assert_string_equal(check(), why[version]);
	}
}

static void
test_the_check_may_fail(void **state)
{
	unsigned	 n;

	(void)state;
	assert_null(migrate(false));
	for (n = 1; n <= 4; n++) {
		database.fails_at = n;
		assert_string_equal(check(), "database: it is full");
		assert_int_equal(database.sent, n);
	}
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_all_are_applied_in_order),
		TEST(test_one_that_is_missing_is_applied),
		TEST(test_a_project_gets_a_later_one_of_the_original),
		TEST(test_a_dry_run_only_reads),
		TEST(test_it_stops_at_the_first_failure),
		TEST(test_a_file_that_failed_is_named),
		TEST(test_a_file_that_has_changed_is_refused),
		TEST(test_names),
		TEST(test_no_database),
		TEST(test_the_highest_version),
		TEST(test_the_server_needs_all),
		TEST(test_the_check_may_fail),
	};

	return (cmocka_run_group_tests_name("migrations", tests, NULL, NULL));
}
