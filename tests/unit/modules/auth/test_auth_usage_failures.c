/* SPDX-License-Identifier: ISC */
/* What is left to store after a statement about uses has failed. */

/* sources: src/modules/auth/auth_usage.c src/base/arena.c */
/* sources: src/base/error_kinds.c */

#include "usage_fixture.h"

/* An outage: tried again and again, without a word. No use is forgotten. */
static void
test_no_database(void **state)
{
	static const unsigned	 pauses[] = { 1, 2, 4, 8, 16, 30, 30, 30 };
	const char		*a = new_session(1), *b = new_session(2);
	uint64_t		 began = now;
	unsigned		 i;

	(void)state;
	db.fails = &ERR_UNAVAILABLE;
	use(a);
	later(0);
	assert_int_equal(db.statements, 1);
	assert_false(db.quiet);
	use(b);
	for (i = 0; i < 8; i++) {
		later(1000 * pauses[i] - 1);
		assert_int_equal(db.statements, i + 1);
		later(1);
		assert_int_equal(db.statements, i + 2);
		assert_true(db.quiet);
		assert_int_equal(db.nrows, 2);
	}
	db.fails = NULL;
	later(RETRY);
	assert_int_equal(db.nrows, 2);
	assert_int_equal(row_of(a)->age, now - began);
	assert_int_equal(row_of(b)->age, now - began);
	assert_int_equal(logged.n, 0);
	later(3600000);
	assert_int_equal(db.statements, 10);

	/* The next outage begins anew. */
	db.fails = &ERR_UNAVAILABLE;
	use(a);
	later(0);
	assert_false(db.quiet);
	later(PACE);
	assert_int_equal(db.statements, 12);
	db.fails = NULL;
	later(RETRY);
}

/* From the end of a statement, however long it took. */
static void
test_the_pause_begins_at_the_failure(void **state)
{
	(void)state;
	db.fails = &ERR_UNAVAILABLE;
	db.takes = 8000;
	use(new_session(1));
	later(TICK);
	later(PACE - 1);
	assert_int_equal(db.statements, 1);
	later(1);
	assert_int_equal(db.statements, 2);
	db.fails = NULL;
	later(RETRY);
}

/* Not for a set that is full, either. */
static void
test_a_full_set_without_a_database(void **state)
{
	const char	*ids[WAYS + 2];
	unsigned	 i;

	(void)state;
	db.fails = &ERR_UNAVAILABLE;
	for (i = 0; i < WAYS + 2; i++)
		ids[i] = new_session(6);
	for (i = 0; i < WAYS; i++)
		use(ids[i]);
	later(TICK);
	assert_int_equal(db.statements, 1);
	use(ids[WAYS]);
	use(ids[WAYS + 1]);
	assert_int_equal(ctxs, 0);
	db.fails = NULL;
	later(RETRY);
	assert_int_equal(db.statements, 2);
	assert_int_equal(db.nrows, WAYS);
	for (i = 0; i < WAYS; i++)
		assert_non_null(row_of(ids[i]));
}

/* Another fault is logged once, and again after a success. */
static void
test_a_fault_is_one_line(void **state)
{
	unsigned	 i;

	(void)state;
	db.fails = &ERR_INTERNAL;
	use(new_session(1));
	for (i = 0; i < 3; i++) {
		later(RETRY);
		assert_int_equal(db.statements, i + 1);
		assert_int_equal(logged.n, 1);
	}
	assert_int_equal(logged.level, LEVEL_ERROR);
	assert_string_equal(logged.message,
	    "their last use is not stored: it is full");
	db.fails = NULL;
	later(RETRY);
	assert_int_equal(logged.n, 1);
	db.fails = &ERR_INTERNAL;
	use(new_session(1));
	later(PACE);
	assert_int_equal(logged.n, 2);
}

/* A session that was used while its statement failed: its last use counts. */
static void
test_a_use_during_a_failure(void **state)
{
	const char	*a = new_session(1);

	(void)state;
	db.fails = &ERR_UNAVAILABLE;
	use_from(a, "192.0.2.1");
	auth_usage_tick(now);
	now += 100;
	use_from(a, "192.0.2.2");
	run();
	db.fails = NULL;
	later(RETRY);
	assert_int_equal(db.nrows, 1);
	assert_string_equal(row_of(a)->client, "192.0.2.2");
	assert_int_equal(row_of(a)->age, RETRY);
	later(STORE);
	assert_int_equal(db.statements, 2);
}

/* Its place was given away meanwhile: it gets another one, if one is free. */
static void
test_a_failure_of_a_session_without_a_place(void **state)
{
	const char	*first[WAYS], *later_ones[WAYS];
	unsigned	 i, found = 0;

	(void)state;
	for (i = 0; i < WAYS; i++)
		use(first[i] = new_session(7));
	auth_usage_tick(now);
	for (i = 0; i < WAYS - 1; i++)
		use(later_ones[i] = new_session(7));
	db.fails = &ERR_UNAVAILABLE;
	run();
	db.fails = NULL;
	later(RETRY);
	assert_int_equal(db.nrows, WAYS);
	for (i = 0; i < WAYS - 1; i++)
		assert_non_null(row_of(later_ones[i]));
	for (i = 0; i < WAYS; i++) {
		if (row_of(first[i]) == NULL)
			continue;
		found++;
		assert_int_equal(row_of(first[i])->age, RETRY);
		assert_string_equal(row_of(first[i])->client, "192.0.2.1");
	}
	assert_int_equal(found, 1);
}

/* Others changed these rows: they are stored a second later. */
static void
test_locked_rows(void **state)
{
	const char	*ids[4];
	unsigned	 i;

	(void)state;
	for (i = 0; i < 4; i++)
		use(ids[i] = new_session(i));
	db.locked[0] = ids[2];
	db.locked[1] = ids[0];
	later(TICK);
	assert_int_equal(db.nrows, 4);
	db.locked[1] = NULL;
	later(PACE);
	assert_false(db.quiet);
	assert_int_equal(db.nrows, 2);
	assert_int_equal(row_of(ids[0])->age, TICK + PACE);
	assert_int_equal(row_of(ids[2])->age, TICK + PACE);
	db.locked[0] = NULL;
	later(PACE);
	assert_int_equal(db.nrows, 1);
	assert_non_null(row_of(ids[2]));
	later(3600000);
	assert_int_equal(db.statements, 3);
	assert_int_equal(logged.n, 0);
}

static void
test_no_memory(void **state)
{
	const char	*a = new_session(1);

	(void)state;
	use(a);
	no_memory = true;
	later(TICK);
	no_memory = false;
	no_coroutine = true;
	later(TICK);
	no_coroutine = false;
	assert_int_equal(ctxs, 0);
	no_arena = true;
	later(TICK);
	no_arena = false;
	assert_int_equal(db.statements, 0);
	assert_int_equal(logged.n, 0);
	later(RETRY);
	assert_int_equal(db.statements, 1);
	assert_int_equal(row_of(a)->age, 3 * TICK + RETRY);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		USAGE_TEST(test_no_database),
		USAGE_TEST(test_the_pause_begins_at_the_failure),
		USAGE_TEST(test_a_full_set_without_a_database),
		USAGE_TEST(test_a_fault_is_one_line),
		USAGE_TEST(test_a_use_during_a_failure),
		USAGE_TEST(test_a_failure_of_a_session_without_a_place),
		USAGE_TEST(test_locked_rows),
		USAGE_TEST(test_no_memory),
	};

	return (cmocka_run_group_tests_name("auth_usage_failures", tests, NULL,
	    NULL));
}
