/* SPDX-License-Identifier: ISC */
/* What the file of a migration may not contain. */

/* sources: src/database/migrate_check.c src/database/sql_split.c */
/* sources: src/database/sql_kind.c src/database/query_text.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "database/migrate.h"

static const char *
check(const char *sql, bool no_transaction)
{
	struct migration	 m = { .name = "0002_b", .sql = sql,
				    .no_transaction = no_transaction };

	return (migrate_check(&m));
}

static void
test_what_is_refused(void **state)
{
	static const struct {
		const char	*sql, *problem;
		bool		 no_transaction;
	} cases[] = {
		{ "A;\nCOMMIT", "sql/migrations/0002_b.sql, line 2: the file "
		    "may not begin or end transactions: ./keel migrate does",
		    false },
		{ "COMMIT", "sql/migrations/0002_b.sql, line 1: the file may "
		    "not begin or end transactions: ./keel migrate does",
		    true },
		{ "COPY a FROM STDIN", "sql/migrations/0002_b.sql, line 1: "
		    "COPY from or to the client is not possible: write INSERT",
		    false },
		{ "A; 'x", "sql/migrations/0002_b.sql, line 1: a string or a "
		    "comment has no end", false },
		{ "CREATE INDEX CONCURRENTLY a ON b (c)",
		    "sql/migrations/0002_b.sql: CONCURRENTLY needs a migration "
		    "that is no transaction: write MIGRATION(0002_b, "
		    ".no_transaction = true)", false },
		{ "REINDEX TABLE CONCURRENTLY a", "sql/migrations/0002_b.sql: "
		    "CONCURRENTLY needs a migration that is no transaction: "
		    "write MIGRATION(0002_b, .no_transaction = true)", false },
		{ "CREATE INDEX CONCURRENTLY ON b (c)",
		    "sql/migrations/0002_b.sql, line 1: give the index a plain "
		    "name: one that was left unfinished is found by it", true },
		{ "DROP INDEX CONCURRENTLY a", "sql/migrations/0002_b.sql, "
		    "line 1: write DROP INDEX CONCURRENTLY IF EXISTS: it may "
		    "run again, after a crash", true },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(check(cases[i].sql,
		    cases[i].no_transaction), cases[i].problem);
}

static void
test_what_is_good(void **state)
{
	static const char	*const both[] = { "", "-- COMMIT;", "A; B",
		"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END",
		"REFRESH MATERIALIZED VIEW CONCURRENTLY a" };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		assert_null(check(both[i], false));
		assert_null(check(both[i], true));
	}
	assert_null(check("CREATE INDEX CONCURRENTLY a ON b (c);\n"
	    "DROP INDEX CONCURRENTLY IF EXISTS d", true));
	assert_null(check("DROP INDEX d", false));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_what_is_good),
	};

	return (cmocka_run_group_tests_name("migrate_check", tests, NULL,
	    NULL));
}
