/* SPDX-License-Identifier: ISC */
/* The functions that the C step of a migration calls. */

/* sources: src/database/step.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "database/step.h"
#include "database/step_run.h"

static unsigned	sent;
static bool	fails;

static PGresult *
two_rows(void)
{
	PGresAttDesc	 columns[] = {
		{ .name = (char *)"x", .typlen = -1 },
		{ .name = (char *)"y", .typlen = -1 },
	};
	PGresult	*r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_true(PQsetResultAttrs(r, 2, columns));
	assert_true(PQsetvalue(r, 0, 0, (char *)"a", 1));
	assert_true(PQsetvalue(r, 0, 1, (char *)"b", 1));
	assert_true(PQsetvalue(r, 1, 0, (char *)"c", 1));
	assert_true(PQsetvalue(r, 1, 1, NULL, -1));
	return (r);
}

PGresult *
migrate_watched(struct migrate *run, const char *sql,
    const char *const *params, int n, bool patient)
{
	assert_non_null(run->m);
	assert_false(patient);
	sent++;
	if (n == 2) {
		assert_string_equal(params[0], "x");
		assert_null(params[1]);
	} else
		assert_int_equal(n, 0);
	if (fails)
		return (NULL);
	return (strncmp(sql, "SELECT", 6) == 0 ? two_rows() :
	    PQmakeEmptyPGresult(NULL, PGRES_COMMAND_OK));
}

static const char *
apply(void (*step)(struct step *), bool *done)
{
	struct migration	 m = { .name = "0002_b", .step = step };
	struct migrate		 run = { .m = &m };
	const char		*why;

	sent = 0;
	*done = step_apply(&run, &why);
	return (why);
}

static void
read_values(struct step *step)
{
	struct step_rows	*rows = step_rows(step, "SELECT", "x", NULL);

	assert_null(step_value(rows, 0));
	assert_true(step_next(rows));
	assert_string_equal(step_value(rows, 0), "a");
	assert_string_equal(step_value(rows, 1), "b");
	assert_null(step_value(rows, 2));
	assert_null(step_value(rows, -1));
	assert_true(step_next(rows));
	assert_null(step_value(rows, 1));
	assert_false(step_next(rows));
	assert_null(step_value(rows, 0));
	assert_false(step_next(rows));
	assert_string_equal(step_text(step, "SELECT"), "a");
	assert_true(step_next(step_rows(step, "SELECT")));	/* left so */
	assert_int_equal(step_run(step, "UPDATE", "x", NULL), 0);
	assert_false(step_failed(step));
}

static void
test_values(void **state)
{
	bool	 done;

	(void)state;
	assert_null(apply(read_values, &done));
	assert_true(done);
	assert_int_equal(sent, 4);
}

static void
fail_twice(struct step *step)
{
	struct step_rows	*rows = step_rows(step, "SELECT");

	assert_true(step_next(rows));
	step_fail(step, "no\n%s", "reason");
	step_fail(step, "another");
	assert_true(step_failed(step));
	assert_int_equal(step_run(step, "UPDATE"), 0);
	assert_false(step_next(step_rows(step, "SELECT")));
	assert_null(step_text(step, "SELECT"));
}

static void
test_its_first_failure_is_told(void **state)
{
	bool	 done;

	(void)state;
	assert_string_equal(apply(fail_twice, &done),
	    "0002_b is not applied: its step: no reason");
	assert_false(done);
	assert_int_equal(sent, 1);
}

static void
go_on(struct step *step)
{
	assert_false(step_next(step_rows(step, "SELECT")));
	assert_int_equal(step_run(step, "UPDATE"), 0);
	step_fail(step, "it is not the first");
}

static void
test_a_statement_that_fails(void **state)
{
	bool	 done;

	(void)state;
	fails = true;
	assert_null(apply(go_on, &done));
	assert_false(done);
	assert_int_equal(sent, 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_its_first_failure_is_told),
		cmocka_unit_test(test_a_statement_that_fails),
	};

	return (cmocka_run_group_tests_name("step", tests, NULL, NULL));
}
