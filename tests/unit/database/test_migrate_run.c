/* SPDX-License-Identifier: ISC */
/* Which statements ./keel migrate sends, in which order, and where it stops. */

/* sources: src/database/migrations.c src/database/migrate_run.c */
/* sources: src/database/migrate_apply.c src/database/migrate_alone.c */
/* sources: src/database/migrate_wait.c src/database/migrate_check.c */
/* sources: src/database/migrate_print.c src/database/migrate_signals.c */
/* sources: src/database/sql_split.c src/database/sql_kind.c */
/* sources: src/database/query_text.c src/database/step.c */

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
#include "database/migrate.h"
#include "database/migrations.h"
#include "database/step.h"
#include "utils/text.h"

static struct migration	third = { "0003_c", "CREATE c", NULL, false };
static struct migration	first = { "0001_a", "CREATE a", NULL, false };
static struct migration	second = { "0002_b", "CREATE b", NULL, false };

REGISTER(migrations, third);
REGISTER(migrations, first);
REGISTER(migrations, second);

/* The database: what it holds, what it was sent, and where it fails. */
static struct {
	bool		 has_table;
	char		 sums[3][65];	/* "": not applied */
	unsigned	 fails_at;	/* the n-th statement; 0: none */
	unsigned	 fails;		/* so many times; 0: always */
	const char	*state;		/* with this SQLSTATE */
	bool		 lost;		/* the connection is */
	bool		 left;		/* its transaction, by a file */
	const char	*index;		/* "t": finished, "f": not; or NULL */
	unsigned	 sent;
	unsigned	 open;		/* connections */
	int64_t		 now;
	char		 log[4096];
} database;

static int	connections[2];

/* libpq */

void
PQfinish(PGconn *db)
{
	if (db != NULL)
		database.open--;
}

ConnStatusType
PQstatus(const PGconn *db)
{
	return (database.lost && db != (PGconn *)(void *)&connections[1] ?
	    CONNECTION_BAD : CONNECTION_OK);
}

PGTransactionStatusType
PQtransactionStatus(const PGconn *db)
{
	(void)db;
	return (database.left ? PQTRANS_IDLE : PQTRANS_INTRANS);
}

/* migrate_exec.c: time goes on by a second with each look at it. */

int64_t
migrate_now(void)
{
	return (database.now += 1000);
}

const char *
migrate_open(struct migrate_conn *c)
{
	c->db = (PGconn *)(void *)&connections[database.open++];
	return (NULL);
}

static PGresult *
texts(int columns, const char *a, const char *b)
{
	PGresAttDesc	 column[] = {
		{ .name = (char *)"x", .typlen = -1 },
		{ .name = (char *)"y", .typlen = -1 },
	};
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_true(PQsetResultAttrs(r, columns, column));
	if (a != NULL)
		assert_true(PQsetvalue(r, 0, 0, (char *)a, (int)strlen(a)));
	if (a != NULL && columns > 1)
		assert_true(PQsetvalue(r, 0, 1, (char *)b, (int)strlen(b)));
	return (r);
}

static PGresult *
applied(void)
{
	PGresult	*r = texts(2, NULL, NULL);
	char		 version[16];
	int		 i, row = 0;

	for (i = 0; i < 3; i++) {
		if (database.sums[i][0] == '\0')
			continue;
		snprintf(version, sizeof(version), "%d", i + 1);
		PQsetvalue(r, row, 0, version, (int)strlen(version));
		PQsetvalue(r, row++, 1, database.sums[i], 64);
	}
	return (r);
}

static void
note(const struct migrate_conn *c, const char *sql)
{
	size_t		 len = strlen(database.log);
	struct text	 log = text_in(database.log + len,
			    sizeof(database.log) - len);

	text_printf(&log, "%s%.22s\n",
	    c->db == (PGconn *)(void *)&connections[1] ? "guard: " : "", sql);
	assert_false(log.cut);
}

static bool
fails(struct migrate_conn *c)
{
	if (database.fails_at == 0 || ++database.sent < database.fails_at)
		return (false);
	if (database.fails != 0 &&
	    database.sent >= database.fails_at + database.fails)
		return (false);
	snprintf(c->state, sizeof(c->state), "%s", database.state);
	strcpy(c->said, "it is full");
	return (true);
}

PGresult *
migrate_exec(struct migrate_conn *c, const char *sql,
    const char *const *params, int n, const struct migrate_look *look)
{
	(void)look;
	c->state[0] = '\0';
	note(c, sql);
	if (strncmp(sql, "ROLLBACK", 8) != 0 && fails(c))
		return (NULL);
	if (strcmp(sql, MIGRATIONS_EXISTS) == 0)
		return (texts(1, database.has_table ? "t" : "f", NULL));
	if (strcmp(sql, MIGRATIONS_APPLIED) == 0)
		return (applied());
	if (strstr(sql, MIGRATIONS_CREATE) != NULL)
		database.has_table = true;
	if (strncmp(sql, "INSERT INTO keel_m", 18) == 0) {
		assert_int_equal(n, 3);
		strcpy(database.sums[atoi(params[0]) - 1], params[2]);
	}
	if (strncmp(sql, "SELECT i.indisvalid", 19) == 0)
		return (texts(2, database.index, "public.i"));
	if (strncmp(sql, "CREATE INDEX CONC", 17) == 0 ||
	    strncmp(sql, "DROP INDEX CONC", 15) == 0)
		database.index = *sql == 'C' ? "t" : NULL;
	if (strncmp(sql, "SELECT c.relname", 16) == 0)
		return (texts(2, NULL, NULL));
	if (strncmp(sql, "SELECT pg_try", 13) == 0 ||
	    strncmp(sql, "SELECT two", 10) == 0)
		return (texts(2, "t", "u"));
	return (PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK));
}

/* migrate_blockers.c */

bool
migrate_blockers(struct migrate_conn *c, int pid, struct text *who,
    struct text *pids)
{
	return (c != NULL && pid == 0 && who->len == 0 && pids->len == 0);
}

bool
migrate_holders(struct migrate_conn *c, struct text *who, struct text *pids)
{
	return (migrate_blockers(c, 0, who, pids));
}

/* The tests. */

static char	printed[4096];

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
	problem = migrations_take_signals();
	assert_null(problem);
	problem = migrations_run(dry_run, 2);
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
	database.state = "XX000";
	first.sql = "CREATE a";
	second.sql = "CREATE b";
	second.step = NULL;
	second.no_transaction = false;
	return (0);
}

#define EXISTS		"SELECT to_regclass('ke\n"
#define APPLIED		"SELECT version, checks\n"
#define LOCKED		"guard: BEGIN ISOLATION LEVEL \n"		\
			"guard: SELECT pg_try_advisory\n"		\
			"guard: SAVEPOINT look\n"
#define APPLY(sql)	"BEGIN; SELECT set_conf\n" sql "\n"		\
			"INSERT INTO keel_migra\nCOMMIT\n"
#define ALL		EXISTS LOCKED EXISTS "BEGIN; SET LOCAL state\n"	\
			APPLY("CREATE a") APPLY("CREATE b") APPLY("CREATE c")

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
	for (n = 1; n <= 19; n++) {
		setup(NULL);
		database.fails_at = n;
		problem = migrate(false);
		if (n == 19) {
			assert_null(problem);
			break;
		}
		assert_non_null(problem);
		assert_non_null(strstr(problem, "it is full"));
		if (n > 6)
			assert_memory_equal(problem, "sql/migrations/000", 18);
		rolled_back = strstr(database.log, "ROLLBACK\n");
		assert_int_equal(rolled_back != NULL, n > 6);
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
		database.fails_at = 8;
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
	database.fails_at = 10;
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
	assert_non_null(strstr(database.log, "COMMIT\n" TIMEOUTS LOOK
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

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_all_are_applied_in_order),
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
