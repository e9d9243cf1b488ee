/* SPDX-License-Identifier: ISC */
/* When the uses of sessions are stored, and which of them. */

/* sources: src/modules/auth/auth_usage.c src/base/arena.c */
/* sources: src/base/error_kinds.c */

#include "usage_fixture.h"

static void
test_a_use_is_stored(void **state)
{
	const char	*a = new_session(1);

	(void)state;
	use(a);
	assert_int_equal(ctxs, 0);	/* the request starts nothing */
	later(TICK);
	assert_int_equal(db.statements, 1);
	assert_int_equal(db.nrows, 1);
	assert_string_equal(db.rows[0].id, a);
	assert_string_equal(db.rows[0].client, "192.0.2.1");
	assert_int_equal(db.rows[0].age, TICK);
	assert_false(db.quiet);
	later(3600000);
	assert_int_equal(db.statements, 1);
}

/* However often: with its last time and address. */
static void
test_a_session_is_one_row(void **state)
{
	const char	*a = new_session(1), *b = new_session(1);

	(void)state;
	use_from(a, "192.0.2.1");
	use_from(b, "192.0.2.2");
	now += 100;
	use_from(a, "192.0.2.3");
	now += 100;
	use_from(a, "198.51.100.4");
	later(300);
	assert_int_equal(db.statements, 1);
	assert_int_equal(db.nrows, 2);
	assert_string_equal(row_of(a)->client, "198.51.100.4");
	assert_int_equal(row_of(a)->age, 300);
	assert_string_equal(row_of(b)->client, "192.0.2.2");
	assert_int_equal(row_of(b)->age, 500);
}

static void
test_every_address(void **state)
{
	static const char *const	addresses[][2] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "2001:DB8:0::1", "2001:db8::1" },
		{ "::ffff:192.0.2.9", "192.0.2.9" },
		{ "fe80:1234:5678:9abc:def0:1234:5678:9abc",
		    "fe80:1234:5678:9abc:def0:1234:5678:9abc" },
	};
	const char	*sessions[6];
	size_t		 i;

	(void)state;
	for (i = 0; i < 6; i++) {
		sessions[i] = new_session((unsigned)i);
		use_from(sessions[i], addresses[i][0]);
	}
	later(TICK);
	assert_int_equal(db.nrows, 6);
	for (i = 0; i < 6; i++)
		assert_string_equal(row_of(sessions[i])->client,
		    addresses[i][1]);
}

/* One that is used all the time is stored every 30 seconds. */
static void
test_a_busy_session(void **state)
{
	const char	*a = new_session(1);
	uint64_t	 stored = now;
	unsigned	 i, before = 0;

	(void)state;
	for (i = 0; i < 120; i++) {
		use(a);
		later(TICK);
		if (db.statements == before)
			continue;
		assert_true(before == 0 || now == stored + STORE);
		assert_int_equal(db.rows[0].age, TICK);
		stored = now - TICK;
		before = db.statements;
	}
	assert_int_equal(before, 3);
	/* Its last use, too. */
	later(STORE);
	assert_int_equal(db.statements, 4);
}

/* What counts is how old the use is that is stored, not when it was stored. */
static void
test_it_is_never_behind_for_long(void **state)
{
	const char	*a = new_session(1);

	(void)state;
	use(a);
	later(0);
	now += 100;
	use(a);
	later(STORE - 101);
	assert_int_equal(db.statements, 1);
	later(1);
	assert_int_equal(db.statements, 2);
	assert_int_equal(db.rows[0].age, STORE - 100);
	now += 200;
	use(a);
	later(PACE - 200);
	assert_int_equal(db.statements, 3);
}

static void
test_there_is_a_second_between_statements(void **state)
{
	const char	*a = new_session(1), *b = new_session(2);

	(void)state;
	use(a);
	later(TICK);
	use(b);
	later(PACE - 1);
	assert_int_equal(db.statements, 1);
	later(1);
	assert_int_equal(db.statements, 2);
	assert_int_equal(db.nrows, 1);
	assert_string_equal(db.rows[0].id, b);
}

static void
test_one_statement_at_a_time(void **state)
{
	const char	*a = new_session(1), *b = new_session(1);

	(void)state;
	use(a);
	auth_usage_tick(now);
	assert_int_equal(ctxs, 1);
	now += PACE;
	use(b);
	use_from(a, "192.0.2.77");
	auth_usage_tick(now);
	assert_int_equal(ctxs, 1);
	run();
	assert_int_equal(db.nrows, 1);
	assert_string_equal(row_of(a)->client, "192.0.2.1");
	later(0);
	assert_int_equal(db.nrows, 1);
	assert_non_null(row_of(b));
	later(STORE);		/* a was used while it was being stored */
	assert_int_equal(db.nrows, 1);
	assert_string_equal(row_of(a)->client, "192.0.2.77");
}

/* Places of a set that is full: all of it is stored at once. */
static void
test_a_full_set(void **state)
{
	const char	*ids[WAYS], *last = new_session(3);
	const char	*other = new_session(4);
	unsigned	 i;

	(void)state;
	use(other);
	for (i = 0; i < WAYS; i++) {
		ids[i] = new_session(3);
		use(ids[i]);
	}
	assert_int_equal(ctxs, 0);
	use(last);
	assert_int_equal(ctxs, 1);
	run();
	assert_int_equal(db.nrows, WAYS + 1);
	for (i = 0; i < WAYS; i++)
		assert_non_null(row_of(ids[i]));
	assert_non_null(row_of(other));
	later(PACE);
	assert_int_equal(db.statements, 2);
	assert_int_equal(db.nrows, 1);
	assert_non_null(row_of(last));
}

/* While they are stored the set is full again: the next use is lost. */
static void
test_a_set_that_is_full_twice(void **state)
{
	const char	*lost = new_session(3);
	unsigned	 i;

	(void)state;
	for (i = 0; i < 2 * WAYS; i++)
		use(new_session(3));
	assert_int_equal(ctxs, 1);
	use(lost);
	run();
	assert_int_equal(db.nrows, WAYS);
	later(PACE);
	assert_int_equal(db.nrows, WAYS);
	assert_null(row_of(lost));
	use(lost);
	later(PACE);
	assert_non_null(row_of(lost));
}

/* A session that needs a place gets that of the one stored the longest ago. */
static void
test_a_place_is_taken_over(void **state)
{
	const char	*ids[WAYS + 1];
	unsigned	 i;

	(void)state;
	for (i = 0; i < WAYS; i++) {
		ids[i] = new_session(5);
		use(ids[i]);
		later(PACE);
	}
	use(ids[WAYS] = new_session(5));
	later(PACE);
	/* All but the first are known, and so not stored yet. */
	for (i = 1; i <= WAYS; i++)
		use(ids[i]);
	later(PACE);
	assert_int_equal(db.statements, WAYS + 1);
	/* The first is not known any more. */
	later(2 * STORE);
	use(ids[0]);
	later(PACE);
	assert_int_equal(db.nrows, 1);
	assert_non_null(row_of(ids[0]));
}

/* Every session of a full table is stored. */
static void
test_a_full_table(void **state)
{
	unsigned	 set, i;

	(void)state;
	for (i = 0; i < WAYS; i++) {
		for (set = 0; set < 128; set++)
			use(new_session(set));
	}
	later(TICK);
	assert_int_equal(db.statements, 1);
	assert_int_equal(db.nrows, 128 * WAYS);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		USAGE_TEST(test_a_use_is_stored),
		USAGE_TEST(test_a_session_is_one_row),
		USAGE_TEST(test_every_address),
		USAGE_TEST(test_a_busy_session),
		USAGE_TEST(test_it_is_never_behind_for_long),
		USAGE_TEST(test_there_is_a_second_between_statements),
		USAGE_TEST(test_one_statement_at_a_time),
		USAGE_TEST(test_a_full_set),
		USAGE_TEST(test_a_set_that_is_full_twice),
		USAGE_TEST(test_a_place_is_taken_over),
		USAGE_TEST(test_a_full_table),
	};

	return (cmocka_run_group_tests_name("auth_usage", tests, NULL, NULL));
}
