/* SPDX-License-Identifier: ISC */
/* The values of columns as those of C: each type, and null. */

/* sources: src/database/database_row.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "database/row.h"

struct thing {
	const char		*text;
	int64_t			 count, stars, at, due;
	bool			 open;
	enum bool_or_null	 pinned;
	const char		*id, *owner, *note;
};

static const struct member	members[] = {
	MEMBER(thing, text, T_STR, 0),
	MEMBER(thing, count, T_INT, 0),
	MEMBER(thing, stars, T_INT, OR_NULL),
	MEMBER(thing, at, T_TIME, 0),
	MEMBER(thing, due, T_TIME, OR_NULL),
	MEMBER(thing, open, T_BOOL, 0),
	MEMBER(thing, pinned, T_BOOL, OR_NULL),
	MEMBER(thing, id, T_UUID, 0),
	MEMBER(thing, owner, T_UUID, OR_NULL),
	MEMBER(thing, note, T_STR, OPTIONAL),
};

#define N	(sizeof(members) / sizeof(members[0]))

static struct thing	thing;
static PGresult		*row;

/* Reads one column, whose text is NULL for null. */
static const char *
column(const char *name, const char *text)
{
	PGresAttDesc		 one = { .name = (char *)(uintptr_t)name };
	const struct member	*m = members;

	while (strcmp(m->name, name) != 0)
		m++;
	PQclear(row);
	row = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	assert_true(PQsetResultAttrs(row, 1, &one));
	assert_true(PQsetvalue(row, 0, 0, (char *)(uintptr_t)text,
	    text == NULL ? -1 : (int)strlen(text)));
	return (row_read_column(row, 0, 0, m, (char *)&thing + m->offset));
}

static void
test_values(void **state)
{
	(void)state;
	memset(&thing, 0xff, sizeof(thing));
	assert_null(column("text", "a"));
	assert_string_equal(thing.text, "a");
	assert_null(column("count", "-9223372036854775808"));
	assert_true(thing.count == INT64_MIN);
	assert_null(column("stars", "-9223372036854775807"));
	assert_true(thing.stars == -INT64_MAX);
	assert_null(column("due", "1970-01-01 00:00:01+00"));
	assert_int_equal(thing.due, 1000000);
	assert_null(column("open", "f"));
	assert_false(thing.open);
	assert_null(column("open", "t"));
	assert_true(thing.open);
	assert_null(column("pinned", "f"));
	assert_int_equal(thing.pinned, BOOL_FALSE);
	assert_null(column("pinned", "t"));
	assert_int_equal(thing.pinned, BOOL_TRUE);
	assert_null(column("owner", "x"));
	assert_string_equal(thing.owner, "x");
}

static void
test_nulls(void **state)
{
	size_t	 i;

	(void)state;
	memset(&thing, 0xff, sizeof(thing));
	for (i = 0; i < N; i++) {
		if (members[i].flags == 0)
			assert_string_equal(column(members[i].name, NULL),
			    "is null");
		else
			assert_null(column(members[i].name, NULL));
	}
	assert_true(thing.stars == INT_NULL);
	assert_true(thing.due == TIME_NULL);
	assert_int_equal(thing.pinned, BOOL_NULL);
	assert_null(thing.owner);
	assert_null(thing.note);
	assert_int_equal(thing.count, -1);	/* as it was */
}

/* What psql can store, and no body: read as it is, or as the nearest. */
static void
test_odd_values(void **state)
{
	(void)state;
	assert_null(column("stars", "-9223372036854775808"));
	assert_true(thing.stars == -INT64_MAX);
	assert_null(column("at", "infinity"));
	assert_true(thing.at == INT64_MAX);
	assert_null(column("due", "-infinity"));
	assert_true(thing.due == -INT64_MAX && thing.due != TIME_NULL);
	assert_null(column("at", "0044-03-15 12:00:00+00 BC"));
	assert_true(thing.at < 0);
	assert_null(column("at", "12026-11-22 11:23:45+00"));
	assert_true(thing.at > 0);
}

static void
test_what_cannot_be_read(void **state)
{
	(void)state;
	assert_string_equal(column("count", "x"), "is no integer");
	assert_string_equal(column("stars", ""), "is no integer");
	assert_string_equal(column("at", "2026-11-22"), "is no time");
}

static int
finish(void **state)
{
	(void)state;
	PQclear(row);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nulls),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_what_cannot_be_read),
	};

	return (cmocka_run_group_tests_name("database_row", tests, NULL,
	    finish));
}
