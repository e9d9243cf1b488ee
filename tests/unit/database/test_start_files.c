/* SPDX-License-Identifier: ISC */
/* Files of sql/ that were compiled in, and that no module names. */

/* sources: src/database/start_files.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/assets.h"
#include "base/register.h"
#include "database/database.h"
#include "database/migrations.h"

static const struct migration	first = {
	.name = "0001_users", .sql = "CREATE"
};
static const struct query_file	users = { "users", "-- name: users.find\n" };

REGISTER(migrations, first);
REGISTER(query_files, users);

/* What was compiled in; and what else is wrong. */
static const char	*asset, *content, *names;
static unsigned		 after;

const char *
migrations_names(void)
{
	return (names);
}

void
assets_each(bool (*found)(void *, const char *, const char *), void *arg)
{
	if (found(arg, "0001_users_sql", "CREATE") &&
	    found(arg, "users_sql", "-- name: users.find\n") &&
	    (asset == NULL || found(arg, asset, content)) &&
	    found(arg, "page_html", "<p>"))
		after++;
}

static const char *
check(const char *name, const char *text)
{
	asset = name;
	content = text;
	after = 0;
	return (database_files());
}

static void
test_all_are_registered(void **state)
{
	(void)state;
	assert_null(check(NULL, NULL));
	assert_int_equal(after, 1);
	/* What is no SQL needs no registration. */
	assert_null(check("0002_notes_txt", "CREATE"));
	assert_null(check("notes_sqlite", ""));
	assert_null(check("_sql", ""));
	assert_int_equal(after, 1);
}

static void
test_a_migration(void **state)
{
	(void)state;
	assert_string_equal(check("0012_notes_sql", "CREATE TABLE notes"),
	    "sql/migrations/0012_notes.sql is not registered: write "
	    "MIGRATION(0012_notes); in a module's _models.c");
	assert_int_equal(after, 0);
	assert_string_equal(check("0001_user_sql", ""),
	    "sql/migrations/0001_user.sql is not registered: write "
	    "MIGRATION(0001_user); in a module's _models.c");
	assert_string_equal(check("0001_users_more_sql", "-- name: x"),
	    "sql/migrations/0001_users_more.sql is not registered: write "
	    "MIGRATION(0001_users_more); in a module's _models.c");
}

static void
test_a_query_file(void **state)
{
	(void)state;
	assert_string_equal(check("notes_sql", "-- name: notes.find\n"),
	    "sql/queries/notes.sql is not registered: write QUERIES(notes); "
	    "in a module's _repository.c");
	assert_string_equal(check("user_sql", "\n-- list: user.all by id\n"),
	    "sql/queries/user.sql is not registered: write QUERIES(user); in "
	    "a module's _repository.c");
}

static void
test_a_file_of_either_kind(void **state)
{
	(void)state;
	assert_string_equal(check("notes_sql", "CREATE TABLE notes"),
	    "notes.sql is not registered: a migration's name begins with its "
	    "number (1001_notes.sql), and a query file has sections "
	    "(-- name: notes.find)");
}

static void
test_the_names_of_migrations_come_first(void **state)
{
	(void)state;
	names = "a gap";
	assert_string_equal(check("notes_sql", ""), "a gap");
	names = NULL;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_all_are_registered),
		cmocka_unit_test(test_a_migration),
		cmocka_unit_test(test_a_query_file),
		cmocka_unit_test(test_a_file_of_either_kind),
		cmocka_unit_test(test_the_names_of_migrations_come_first),
	};

	return (cmocka_run_group_tests_name("start_files", tests, NULL,
	    NULL));
}
