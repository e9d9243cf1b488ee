/* SPDX-License-Identifier: ISC */
/* The settings of a session: the statement, and what came back of it. */

/* sources: src/database/session.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/session.h"

#define POOLER	": is a connection pooler in between that does not keep to "  \
		"session mode?"

/* A setting of the statement, as the server answers it. */
static struct row {
	char	 name[64], value[64];
} rows[64];
static int	 nrows, nours;
static int	 connection;
static const char *wrong_name, *wrong_value;	/* that the server reports */

const char *
PQparameterStatus(const PGconn *db, const char *name)
{
	int	 i;

	assert_ptr_equal(db, &connection);
	if (wrong_name != NULL && strcmp(name, wrong_name) == 0)
		return (wrong_value);
	for (i = 0; i < nrows; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return (rows[i].value);
	}
	fail_msg("%s is not set, but checked", name);
	return (NULL);
}

static const char *
reported(void)
{
	return (session_check_reported((PGconn *)(void *)&connection));
}

/* Reads the statement's pairs: ('name', 'value'), */
static int
setup(void **state)
{
	const char	*at = session_sql();
	const char	*second = strstr(at, "UNION ALL");
	int		 n;

	(void)state;
	wrong_name = wrong_value = NULL;
	for (nrows = nours = 0; (at = strstr(at, "('")) != NULL; nrows++) {
		assert_int_equal(sscanf(at, "('%63[^']', '%63[^']')%n",
		    rows[nrows].name, rows[nrows].value, &n), 2);
		nours += at < second;
		at += n;
	}
	return (nours > 5 && nrows > nours ? 0 : -1);
}

static void
add(PGresult *r, int row, const char *name, const char *value)
{
	assert_true(PQsetvalue(r, row, 0, (char *)(uintptr_t)name,
	    (int)strlen(name)));
	assert_true(PQsetvalue(r, row, 1, (char *)(uintptr_t)value,
	    (int)strlen(value)));
}

/* The answer with n rows, of which one (-1: none) has this name and value. */
static const char *
check(int n, int odd, const char *name, const char *value)
{
	static char	 kept[512], c[] = "c";
	PGresAttDesc	 columns[2];
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	const char	*problem;
	int		 i;

	memset(columns, 0, sizeof(columns));
	columns[0].name = columns[1].name = c;
	assert_true(PQsetResultAttrs(r, 2, columns));
	for (i = 0; i < n; i++)
		add(r, i, i == odd ? name : rows[i].name,
		    i == odd ? value : rows[i].value);
	problem = session_check_set(r);
	snprintf(kept, sizeof(kept), "%s", problem != NULL ? problem : "");
	PQclear(r);
	return (kept);
}

static void
test_all_is_set(void **state)
{
	(void)state;
	assert_string_equal(check(nrows, -1, NULL, NULL), "");
	assert_null(reported());
}

/* The URL's options win over defaults: then those are not in the answer. */
static void
test_defaults_may_be_missing(void **state)
{
	int	 n;

	(void)state;
	for (n = nours; n < nrows; n++)
		assert_string_equal(check(n, -1, NULL, NULL), "");
	for (n = 0; n < nours; n++)
		assert_string_equal(check(n, -1, NULL, NULL),
		    "the session's settings were not all set" POOLER);
}

static void
test_each_value_counts(void **state)
{
	char	 message[512];
	int	 i;

	(void)state;
	for (i = 0; i < nrows; i++) {
		snprintf(message, sizeof(message), "%s is 'x' although '%s' "
		    "was set" POOLER, rows[i].name, rows[i].value);
		assert_string_equal(check(nrows, i, rows[i].name, "x"),
		    message);
	}
}

/* An answer to something else. */
static void
test_another_answer(void **state)
{
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	(void)state;
	assert_non_null(session_check_set(r));
	PQclear(r);
	assert_string_equal(check(nours, 0, "x", "y"),
	    "the session's settings were not all set" POOLER);
}

static void
test_what_is_reported(void **state)
{
	static const struct {
		const char	*name, *value, *ours;
	} table[] = {
		{ "TimeZone", "Asia/Tokyo", "UTC" },
		{ "TimeZone", "utc", "UTC" },
		{ "DateStyle", "ISO, DMY", "ISO, MDY" },
		{ "IntervalStyle", "iso_8601", "postgres" },
		{ "client_encoding", "LATIN1", "UTF8" },
		{ "standard_conforming_strings", "off", "on" },
	};
	char		 message[512];
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		wrong_name = table[i].name;
		wrong_value = table[i].value;
		snprintf(message, sizeof(message), "%s is '%s' although '%s' "
		    "was set" POOLER, wrong_name, wrong_value, table[i].ours);
		assert_string_equal(reported(), message);
		wrong_value = NULL;		/* it does not report it */
		assert_null(reported());
	}
}

#define TEST(f)	cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_all_is_set),
		TEST(test_defaults_may_be_missing),
		TEST(test_each_value_counts),
		TEST(test_another_answer),
		TEST(test_what_is_reported),
	};

	return (cmocka_run_group_tests_name("session_settings", tests, NULL,
	    NULL));
}
