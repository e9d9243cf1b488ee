/* SPDX-License-Identifier: ISC */
/* The names of migrations, and whether the database has all of them. */

/* sources: src/database/migrations.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <libpq-fe.h>

#include "base/register.h"
#include "database/database.h"
#include "database/migrations.h"

/* In another order than their versions. */
static struct migration	third = { .name = "0003_c", .sql = "CREATE c" };
static struct migration	first = { .name = "0001_a", .sql = "CREATE a" };
static struct migration	second = { .name = "0002_b", .sql = "CREATE b" };

REGISTER(migrations, third);
REGISTER(migrations, first);
REGISTER(migrations, second);

/* The database: what it holds, and where it fails. */
static struct {
	bool		 has_table;
	unsigned	 applied;	/* of the three, from the first */
	const char	*first_sum;	/* of 0001_a; or NULL: the right one */
	unsigned	 fails_at;	/* the n-th statement; 0: none */
	const char	*state;		/* with this SQLSTATE */
	unsigned	 sent;
} database;

static int	connection;

/* libpq */

char *
PQresultErrorField(const PGresult *r, int field)
{
	(void)r;
	assert_int_equal(field, PG_DIAG_SQLSTATE);
	return ((char *)database.state);
}

char *
PQresultErrorMessage(const PGresult *r)
{
	(void)r;
	return ((char *)"it is full\n");
}

static void
put(PGresult *r, int row, int column, const char *text)
{
	assert_true(PQsetvalue(r, row, column, (char *)text,
	    (int)strlen(text)));
}

static PGresult *
rows_of_applied(void)
{
	PGresAttDesc		 columns[] = {
		{ .name = (char *)"version", .typlen = -1 },
		{ .name = (char *)"checksum", .typlen = -1 },
	};
	const struct migration	*m[] = { &first, &second, &third };
	PGresult		*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char			 sum[MIGRATIONS_CHECKSUM];
	unsigned		 i;

	assert_true(PQsetResultAttrs(r, 2, columns));
	for (i = 0; i < database.applied; i++) {
		migrations_checksum(m[i], sum);
		put(r, (int)i, 0, m[i]->name);
		put(r, (int)i, 1, i == 0 && database.first_sum != NULL ?
		    database.first_sum : sum);
	}
	return (r);
}

PGresult *
PQexec(PGconn *db, const char *sql)
{
	PGresAttDesc	 column = { .name = (char *)"x", .typlen = -1 };
	PGresult	*r;

	assert_ptr_equal(db, &connection);
	if (++database.sent == database.fails_at)
		return (PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR));
	if (strcmp(sql, MIGRATIONS_APPLIED) == 0)
		return (rows_of_applied());
	assert_string_equal(sql,
	    "SELECT to_regclass('keel_migrations') IS NOT NULL");
	r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	assert_true(PQsetResultAttrs(r, 1, &column));
	put(r, 0, 0, database.has_table ? "t" : "f");
	return (r);
}

/* The tests. */

static int
setup(void **state)
{
	(void)state;
	memset(&database, 0, sizeof(database));
	database.has_table = true;
	database.applied = 3;
	first.name = "0001_a";
	second.name = "0002_b";
	third.name = "0003_c";
	second.step = NULL;
	second.no_transaction = false;
	return (0);
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
no_step(struct step *step)
{
	(void)step;
}

static void
test_a_step_needs_a_transaction(void **state)
{
	(void)state;
	second.step = no_step;
	assert_null(migrations_names());
	second.no_transaction = true;
	assert_string_equal(migrations_names(), "0002_b has .step and "
	    ".no_transaction: a step runs in the transaction of its file, so "
	    "make two migrations");
	second.step = NULL;
	assert_null(migrations_names());
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

static void
test_the_order(void **state)
{
	(void)state;
	second.name = "1001_b";
	assert_ptr_equal(migrations_after(0), &first);
	assert_ptr_equal(migrations_after(1), &third);
	assert_ptr_equal(migrations_after(3), &second);
	assert_null(migrations_after(1001));
}

/* As sha256sum prints it. */
static void
test_the_checksum(void **state)
{
	char	 sum[MIGRATIONS_CHECKSUM];

	(void)state;
	migrations_checksum(&first, sum);
	assert_int_equal(strlen(sum), 64);
	assert_memory_equal(sum, "993abce8", 8);
}

/* The server's check at its start. */

static const char *
check(void)
{
	database.sent = 0;
	return (migrations_check((PGconn *)(void *)&connection));
}

static void
test_the_server_needs_all(void **state)
{
	static const char	*const why[] = {
		"the database is older than this server: migration 0001_a is "
		"not applied (run ./keel migrate)",
		"the database is older than this server: migration 0002_b is "
		"not applied (run ./keel migrate)",
		"the database is older than this server: migration 0003_c is "
		"not applied (run ./keel migrate)",
	};
	int	 applied;

	(void)state;
	assert_null(check());
	assert_int_equal(database.sent, 2);
	for (applied = 2; applied >= 0; applied--) {
		database.applied = (unsigned)applied;
		assert_string_equal(check(), why[applied]);
	}
	database.has_table = false;
	assert_string_equal(check(), why[0]);
	assert_int_equal(database.sent, 1);
}

static void
test_a_file_that_has_changed_is_refused(void **state)
{
	(void)state;
	database.first_sum = "another";
	assert_string_equal(check(), "sql/migrations/0001_a.sql is not the "
	    "file that was applied to this database");
}

static void
test_the_check_may_fail(void **state)
{
	unsigned	 n;

	(void)state;
	for (n = 1; n <= 2; n++) {
		database.fails_at = n;
		database.state = NULL;
		assert_string_equal(check(), "database: it is full");
		database.state = "42501";
		assert_string_equal(check(), "database: it is full  (grant it "
		    "to the server's role: see docs/migrations.md)");
		assert_int_equal(database.sent, n);
	}
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_names),
		TEST(test_a_step_needs_a_transaction),
		TEST(test_the_highest_version),
		TEST(test_the_order),
		TEST(test_the_checksum),
		TEST(test_the_server_needs_all),
		TEST(test_a_file_that_has_changed_is_refused),
		TEST(test_the_check_may_fail),
	};

	return (cmocka_run_group_tests_name("migrations", tests, NULL, NULL));
}
