/* SPDX-License-Identifier: ISC */
/* Which statements ./keel migrate sends, in which order, and where it stops. */

/* sources: src/database/migrations.c src/database/migrate_run.c */
/* sources: src/database/migrate_apply.c src/database/migrate_alone.c */
/* sources: src/database/migrate_wait.c src/database/migrate_check.c */
/* sources: src/database/migrate_print.c src/database/migrate_signals.c */
/* sources: src/database/sql_split.c src/database/sql_kind.c */
/* sources: src/database/query_text.c src/database/step.c */

#include "migrate_fixture.h"

static void
test_a_commit_that_the_standby_may_lack(void **state)
{
	(void)state;
	database.warns = true;
	assert_string_equal(migrate(false), "0001_a: committed here, but the "
	    "synchronous standby may lack it: the wait for it was ended");
	assert_null(strstr(database.log, "CREATE b"));
}

static void
test_all_are_applied_in_order(void **state)
{
	(void)state;
	assert_null(migrate(false));
	assert_string_equal(database.log, ALL);
	assert_string_equal(printed, "keel: applying 0001_a\n"
	    "keel: applying 0002_b\nkeel: applying 0003_c\n");
}

/* With the right to read the table alone. */
static void
test_up_to_date_only_reads(void **state)
{
	(void)state;
	assert_null(migrate(false));
	assert_null(migrate(false));
	assert_string_equal(database.log, EXISTS APPLIED);
	assert_string_equal(printed,
	    "keel: the database is up to date (version 3)\n");
	assert_null(migrate(true));
	assert_string_equal(database.log, EXISTS APPLIED);
	assert_string_equal(printed,
	    "-- keel: the database is up to date (version 3)\n");
}

static void
test_one_that_is_missing_is_applied(void **state)
{
	(void)state;
	assert_null(migrate(false));
	database.sums[1][0] = '\0';
	assert_null(migrate(false));
	assert_string_equal(database.log, EXISTS APPLIED LOCKED EXISTS APPLIED
	    APPLY("CREATE b"));
}

/* Nothing is sent after the statement that fails, but a ROLLBACK. */
static void
test_it_stops_at_the_first_failure(void **state)
{
	unsigned	 n;
	const char	*problem;
	char		*rolled_back;

	(void)state;
	for (n = 1; n <= 18; n++) {
		setup(NULL);
		database.fails_at = n;
		problem = migrate(false);
		if (n == 18) {
			assert_null(problem);
			break;
		}
		assert_non_null(problem);
		assert_non_null(strstr(problem, "it is full"));
		if (n > 5)
			assert_memory_equal(problem, "sql/migrations/000", 18);
		rolled_back = strstr(database.log, "ROLLBACK\n");
		assert_int_equal(rolled_back != NULL, n > 5);
		if (rolled_back != NULL) {
			assert_string_equal(rolled_back, "ROLLBACK\n");
			*rolled_back = '\0';
		}
		assert_memory_equal(database.log, ALL, strlen(database.log));
	}
}

static void
test_a_missing_right(void **state)
{
	(void)state;
	database.state = "42501";
	for (database.fails_at = 1; database.fails_at <= 7;
	    database.fails_at += 6)
		assert_non_null(strstr(migrate(false), "it is full ("
		    "KEEL_MIGRATE_URL names a role that may: see "
		    "docs/migrations.md)"));
}

static void
test_a_lock_that_it_does_not_get_in_time(void **state)
{
	static const char	*const states[] = { "55P03", "40P01", "40001" };
	size_t			 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		setup(NULL);
		database.fails_at = 7;
		database.fails = 1;
		database.state = states[i];
		assert_null(migrate(false));
		assert_non_null(strstr(database.log, "BEGIN; SELECT "
		    "set_conf\nCREATE a\nROLLBACK\n" APPLY("CREATE a")));
		assert_non_null(strstr(printed, "applying 0001_a\n"
		    "keel: applying 0002_b\n"));
	}
}

static void
test_it_gives_up(void **state)
{
	(void)state;
	database.fails_at = 7;
	database.state = "55P03";
	assert_string_equal(migrate(false), "0001_a is not applied: it got no "
	    "lock in 2 s (KEEL_MIGRATE_LOCK_SECONDS)");
	assert_null(strstr(database.log, "CREATE b"));
}

/* Nobody knows whether it is applied. */
static void
test_no_answer_to_commit(void **state)
{
	(void)state;
	database.fails_at = 9;
	database.state = "";
	assert_string_equal(migrate(false), "there is no answer to the COMMIT "
	    "of 0001_a: the next ./keel migrate tells whether it is applied: "
	    "it is full");
	assert_null(strstr(database.log, "ROLLBACK\n"));
}

static void
test_a_file_that_ends_its_transaction(void **state)
{
	(void)state;
	database.left = true;
	assert_string_equal(migrate(false), "0001_a has ended its "
	    "transaction, which ./keel migrate does");
	assert_string_equal(database.sums[0], "");
}

/* All files are checked before the first is applied. */
static void
test_a_file_is_refused_first(void **state)
{
	(void)state;
	second.sql = "COMMIT";
	assert_string_equal(migrate(false), "sql/migrations/0002_b.sql, line "
	    "1: the file may not begin or end transactions: ./keel migrate "
	    "does");
	assert_string_equal(database.log, EXISTS);
}

#define TIMEOUTS	"SELECT set_config('sta\n"
#define LOOK		"SELECT i.indisvalid AN\n"

static void
test_outside_of_a_transaction(void **state)
{
	(void)state;
	second.no_transaction = true;
	second.sql = "CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1";
	assert_null(migrate(false));
	assert_non_null(strstr(database.log, "COMMIT\nrenew\n" TIMEOUTS LOOK
	    "CREATE INDEX CONCURREN\n" LOOK TIMEOUTS "SELECT 1\n"
	    "SELECT c.relname, t.re\n" TIMEOUTS "INSERT INTO keel_migra\n"));

	/* It was left unfinished, or finished. */
	database.sums[1][0] = '\0';
	database.index = "f";
	assert_null(migrate(false));
	assert_non_null(strstr(database.log, TIMEOUTS LOOK
	    "BEGIN; LOCK TABLE t IN\n" LOOK "DROP INDEX CONCURRENTL\n"
	    "CREATE INDEX CONCURREN\n" LOOK));
	database.sums[1][0] = '\0';
	assert_null(migrate(false));
	assert_null(strstr(database.log, "CREATE INDEX CONCURREN"));
	assert_non_null(strstr(database.log, TIMEOUTS LOOK TIMEOUTS));
}

static void
fail_step(struct step *step)
{
	if (step_next(step_rows(step, "SELECT two")))
		step_fail(step, "no reason");
}

static void
test_a_step(void **state)
{
	(void)state;
	second.step = fail_step;
	assert_string_equal(migrate(false), "0002_b is not applied: its step: "
	    "no reason");
	assert_non_null(strstr(database.log,
	    "CREATE b\nSELECT two\nROLLBACK\n"));
	assert_string_equal(database.sums[1], "");
}

static void
test_a_dry_run_prints_sql(void **state)
{
	(void)state;
	assert_null(migrate(true));
	assert_string_equal(database.log, EXISTS);
	assert_non_null(strstr(printed, "CREATE TABLE IF NOT EXISTS "
	    "keel_migrations ("));
	assert_null(migrate(false));
	database.sums[0][0] = database.sums[1][0] = '\0';
	first.sql = "CREATE a -- ;";
	second.sql = "CREATE b;\n";
	second.no_transaction = true;
	assert_null(migrate(true));
	assert_null(strstr(printed, "CREATE TABLE"));
	assert_non_null(strstr(printed, "\n-- keel: would apply 0001_a\n"
	    "BEGIN;\nSET LOCAL lock_timeout = '1s';\nCREATE a -- ;\n;\n"
	    "INSERT INTO keel_migrations (version, name, checksum)\n"
	    "VALUES (1, '0001_a', '"));
	assert_non_null(strstr(printed, "COMMIT;\n\n-- keel: would apply "
	    "0002_b, outside of a transaction\nCREATE b;\nINSERT INTO "));
	assert_null(strstr(printed, "0003_c"));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_all_are_applied_in_order),
		TEST(test_a_commit_that_the_standby_may_lack),
		TEST(test_up_to_date_only_reads),
		TEST(test_one_that_is_missing_is_applied),
		TEST(test_it_stops_at_the_first_failure),
		TEST(test_a_missing_right),
		TEST(test_a_lock_that_it_does_not_get_in_time),
		TEST(test_it_gives_up),
		TEST(test_no_answer_to_commit),
		TEST(test_a_file_that_ends_its_transaction),
		TEST(test_a_file_is_refused_first),
		TEST(test_outside_of_a_transaction),
		TEST(test_a_step),
		TEST(test_a_dry_run_prints_sql),
	};

	return (cmocka_run_group_tests_name("migrate_run", tests, NULL, NULL));
}
