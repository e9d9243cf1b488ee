/* SPDX-License-Identifier: ISC */
/* Constraints with messages: are they, and their columns, in the database? */

/* sources: src/database/start_constraints.c */

#include "start_fixture.h"

#include "database/database.h"

CONSTRAINT(things_name_key, "Taken");
CONSTRAINT(things_owner_id_fkey, "There is no such owner",
    .member = "owner_id");

static struct {
	const char	*missing;	/* of these, NULL: none */
	const char	*lost;		/* the database fails at it */
	unsigned	 keys;		/* columns that were looked for */
} db;

PGresult *
sync_run(PGconn *conn, const char *sql, const char *const *values, int n)
{
	const char	*last = values[n - 1];

	assert_ptr_equal(conn, DB);
	if (n == 2) {
		assert_string_equal(values[0], "things_owner_id_fkey");
		assert_non_null(strstr(sql, "contype = 'f'"));
		db.keys++;
	}
	if (db.lost != NULL && strcmp(db.lost, last) == 0)
		return (NULL);
	if (db.missing != NULL && strcmp(db.missing, last) == 0)
		return (PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK));
	return (ROWS(1, "x"));
}

const char *
sync_error(PGconn *conn)
{
	assert_ptr_equal(conn, DB);
	return ("it is gone");
}

static const char *
check(const char *missing, const char *lost)
{
	db.missing = missing;
	db.lost = lost;
	db.keys = 0;
	return (constraints_check(DB));
}

static void
test_constraints(void **state)
{
	const char	*said;

	(void)state;
	assert_null(check(NULL, NULL));
	assert_int_equal(db.keys, 1);
	assert_string_equal(check(NULL, "things_name_key"), "it is gone");
	assert_string_equal(check(NULL, "owner_id"), "it is gone");
	said = check("things_name_key", NULL);
	assert_non_null(strstr(said, "CONSTRAINT(things_name_key, ...): no "
	    "constraint and no index of the database has this name"));
	said = check("owner_id", NULL);
	assert_non_null(strstr(said, "CONSTRAINT(things_owner_id_fkey, ...): "
	    ".member = \"owner_id\" is no column of a foreign key of this "
	    "name"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_constraints),
	};

	return (cmocka_run_group_tests_name("start_constraints", tests, NULL,
	    NULL));
}
