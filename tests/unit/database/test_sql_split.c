/* SPDX-License-Identifier: ISC */
/* How the file of a migration is split, and which statements are special. */

/* sources: src/database/sql_split.c src/database/sql_kind.c */
/* sources: src/database/query_text.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "database/sql_split.h"
#include "utils/text.h"

/* The statements with | between them, and ! behind one that has no end. */
static const char *
split(const char *text)
{
	static char		 out[1024];
	struct text		 t = text_in(out, sizeof(out));
	struct sql_split	 s = sql_split(text);

	out[0] = '\0';
	while (sql_split_next(&s)) {
		text_puts(&t, t.len == 0 ? "" : "|");
		text_add(&t, s.text, s.len);
		text_puts(&t, s.broken ? "!" : "");
	}
	assert_false(t.cut);
	assert_false(sql_split_next(&s));
	return (out);
}

static void
test_statements(void **state)
{
	static const struct {
		const char	*text, *statements;
	} cases[] = {
		{ "", "" },
		{ " \n-- a; b\n/* c; */ ;;\n; ", "" },
		{ "A", "A" },
		{ "A;", "A" },
		{ " A ; B -- c;\n", "A|B" },
		{ "-- a\nA\n-- b;\n;/* c */B", "A|B" },
		{ "A 'x;y' B; C", "A 'x;y' B|C" },
		{ "A 'it''s;' ; B", "A 'it''s;'|B" },
		{ "A 'a\\'; B", "A 'a\\'|B" },
		{ "A E'a\\';' ; B", "A E'a\\';'|B" },
		{ "A e'\\\\'; B", "A e'\\\\'|B" },
		{ "A E'a'\n'\\';' ; B", "A E'a'\n'\\';'|B" },
		{ "A U&'\\0041;' ; B", "A U&'\\0041;'|B" },
		{ "A \"x;\"\"y;\" ; B", "A \"x;\"\"y;\"|B" },
		{ "A $$x;y$$; B", "A $$x;y$$|B" },
		{ "A $a$ $b$;$a $$;$a$; B", "A $a$ $b$;$a $$;$a$|B" },
		{ "A $\303\251_1$;$\303\251_1$; B",
		    "A $\303\251_1$;$\303\251_1$|B" },
		{ "A $1; B", "A $1|B" },
		{ "A a$b; C$d$; E", "A a$b|C$d$|E" },
		{ "A /* x; /* y; */ z; */ ; B", "A|B" },
		{ "A /* ' */; B '/*'; C", "A|B '/*'|C" },
		{ "A -- x ' ;\n; B", "A|B" },
		{ "A -- x\r; B", "A|B" },
		{ "A (x; y); B", "A (x; y)|B" },
		{ "A ((x;); y[;]); B", "A ((x;); y[;])|B" },
		{ "A ); B", "A )|B" },
		{ "A::b := :c @d; B", "A::b := :c @d|B" },
		{ "A -/* ; */- 1; B", "A -/* ; */- 1|B" },
		/* Functions in SQL. */
		{ "CREATE FUNCTION f() BEGIN ATOMIC a; b; END; C",
		    "CREATE FUNCTION f() BEGIN ATOMIC a; b; END|C" },
		{ "create or replace procedure f() begin atomic a; end; C",
		    "create or replace procedure f() begin atomic a; end|C" },
		{ "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN b "
		    "END; c; END; D", "CREATE FUNCTION f() BEGIN ATOMIC SELECT "
		    "CASE WHEN a THEN b END; c; END|D" },
		{ "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN a THEN 1 "
		    "END; B", "CREATE FUNCTION f() RETURNS int RETURN CASE "
		    "WHEN a THEN 1 END|B" },
		{ "CREATE FUNCTION f(begin int); B",
		    "CREATE FUNCTION f(begin int)|B" },
		{ "CREATE TABLE begin (a int); B",
		    "CREATE TABLE begin (a int)|B" },
		{ "BEGIN; A; END", "BEGIN|A|END" },
		{ "SELECT 1 AS function, begin; B",
		    "SELECT 1 AS function, begin|B" },
		/* Without an end. */
		{ "A; B 'x;", "A|B 'x;!" },
		{ "A; B \"x;", "A|B \"x;!" },
		{ "A $x$;$y$", "A $x$;$y$!" },
		{ "A E'\\", "A E'\\!" },
		{ "A (b; c", "A (b; c" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(split(cases[i].text),
		    cases[i].statements);
}

static void
test_whether_the_last_has_a_semicolon(void **state)
{
	struct sql_split	 s = sql_split("A; B -- ;");

	(void)state;
	assert_true(sql_split_next(&s));
	assert_true(s.ended);
	assert_true(sql_split_next(&s));
	assert_false(s.ended);
	assert_int_equal(s.len, 1);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char	*text;
		enum sql_kind	 kind;
		const char	*index, *table;
	} cases[] = {
		{ "SELECT 1", SQL_OTHER, "", "" },
		{ "begin", SQL_TRANSACTION, "", "" },
		{ "/* a */ Start transaction", SQL_TRANSACTION, "", "" },
		{ "COMMIT AND CHAIN", SQL_TRANSACTION, "", "" },
		{ "END", SQL_TRANSACTION, "", "" },
		{ "ROLLBACK", SQL_TRANSACTION, "", "" },
		{ "ABORT", SQL_TRANSACTION, "", "" },
		{ "PREPARE TRANSACTION 'x'", SQL_TRANSACTION, "", "" },
		{ "PREPARE x AS SELECT 1", SQL_OTHER, "", "" },
		{ "COPY a FROM STDIN", SQL_COPY, "", "" },
		{ "copy (SELECT 1) to stdout", SQL_COPY, "", "" },
		{ "COPY a FROM '/x'", SQL_OTHER, "", "" },
		{ "CREATE INDEX a ON b (c)", SQL_OTHER, "", "" },
		{ "CREATE INDEX concurrently_x ON b (c)", SQL_OTHER, "", "" },
		{ "CREATE INDEX CONCURRENTLY a ON b (c)", SQL_BUILD, "a", "b" },
		{ "create unique /**/ index concurrently if not exists\n\"A b\""
		    " on only x.\"Y\" using btree (c)", SQL_BUILD, "\"A b\"",
		    "x.\"Y\"" },
		{ "CREATE INDEX CONCURRENTLY ON b (c)", SQL_BUILD, "", "b" },
		{ "CREATE INDEX CONCURRENTLY a ON x . b (c)", SQL_BUILD, "a",
		    "x . b" },
		{ "CREATE INDEX CONCURRENTLY U&\"a\" ON b (c)", SQL_BUILD, "U",
		    "" },
		{ "CREATE INDEX CONCURRENTLY", SQL_BUILD, "", "" },
		{ "CREATE INDEX CONCURRENTLY IF EXISTS a ON b", SQL_BUILD, "",
		    "" },
		{ "DROP INDEX CONCURRENTLY a", SQL_CONCURRENTLY, "", "" },
		{ "REINDEX INDEX CONCURRENTLY a", SQL_CONCURRENTLY, "", "" },
		{ "REINDEX (VERBOSE) TABLE CONCURRENTLY a", SQL_CONCURRENTLY,
		    "", "" },
		{ "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
		    SQL_CONCURRENTLY, "", "" },
		{ "REFRESH MATERIALIZED VIEW CONCURRENTLY a", SQL_OTHER, "",
		    "" },
		{ "COMMENT ON INDEX a IS 'CONCURRENTLY'", SQL_OTHER, "", "" },
		{ "REINDEX TABLE a -- CONCURRENTLY", SQL_OTHER, "", "" },
	};
	struct sql_split	 s;
	struct sql_build	 b;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&b, 0, sizeof(b));
		s = sql_split(cases[i].text);
		assert_true(sql_split_next(&s));
		assert_int_equal(sql_kind(&s, &b), cases[i].kind);
		assert_int_equal(b.index_len, strlen(cases[i].index));
		assert_int_equal(b.table_len, strlen(cases[i].table));
		if (b.index_len > 0)
			assert_memory_equal(b.index, cases[i].index,
			    b.index_len);
		if (b.table_len > 0)
			assert_memory_equal(b.table, cases[i].table,
			    b.table_len);
	}
}

static void
test_drops(void **state)
{
	struct sql_split	 s = sql_split("DROP INDEX CONCURRENTLY a; "
				    "DROP INDEX CONCURRENTLY IF EXISTS a; "
				    "DROP INDEX a; DROP TABLE a");

	(void)state;
	assert_true(sql_split_next(&s));
	assert_true(sql_drops_once(&s));
	while (sql_split_next(&s))
		assert_false(sql_drops_once(&s));
}

static void
test_names(void **state)
{
	static const char	 sql[] = "CREATE INDEX ab ON \"Cd\" ('ef'); "
				    "-- gh";

	(void)state;
	assert_true(sql_names(sql, "ab"));
	assert_true(sql_names(sql, "AB"));
	assert_true(sql_names(sql, "Cd"));
	assert_false(sql_names(sql, "cd"));
	assert_false(sql_names(sql, "a"));
	assert_false(sql_names(sql, "ef"));
	assert_false(sql_names(sql, "gh"));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_whether_the_last_has_a_semicolon),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_names),
	};

	return (cmocka_run_group_tests_name("sql_split", tests, NULL, NULL));
}
