/* SPDX-License-Identifier: ISC */
/* How many connections an address has, on all workers. */

/* sources: src/wire/wire_caps.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/wire_caps.h"

#define COLUMNS	8

/* In one process, each worker in turn; a row is cleared by its start. */
static int
setup(void **state)
{
	(void)state;
	if (caps_init(3, COLUMNS) != NULL)
		return (-1);
	caps_worker_init(0);
	return (0);
}

static void
test_an_address_has_a_limit(void **state)
{
	size_t	 slots[4];

	(void)state;
	assert_true(caps_enter(7, 3, &slots[0]));
	assert_true(caps_enter(7, 3, &slots[1]));
	assert_true(caps_enter(9, 3, &slots[3]));
	assert_true(caps_enter(7, 3, &slots[2]));
	assert_false(caps_enter(7, 3, &slots[3]));
	assert_true(caps_enter(9, 3, &slots[3]));
	caps_leave(slots[1]);
	assert_true(caps_enter(7, 3, &slots[1]));
	assert_false(caps_enter(7, 3, &slots[1]));
	assert_false(caps_enter(8, 0, &slots[1]));
}

static void
test_every_worker_counts(void **state)
{
	size_t	 slot;
	unsigned	 id;

	(void)state;
	for (id = 0; id < 3; id++) {
		caps_worker_init(id);
		assert_true(caps_enter(7, 3, &slot));
		assert_false(caps_enter(7, id + 1, &slot));
	}
	assert_false(caps_enter(7, 3, &slot));
	assert_true(caps_enter(8, 1, &slot));
}

/* Of a worker that has died, nothing is left when the next one starts. */
static void
test_a_start_clears_its_own_row(void **state)
{
	size_t	 slot;
	unsigned	 i;

	(void)state;
	for (i = 0; i < COLUMNS; i++)
		assert_true(caps_enter(7, COLUMNS, &slot));
	caps_worker_init(1);
	assert_true(caps_enter(7, COLUMNS + 1, &slot));
	assert_false(caps_enter(7, COLUMNS + 1, &slot));
	caps_worker_init(0);
	assert_true(caps_enter(7, 2, &slot));
	assert_false(caps_enter(7, 2, &slot));
	caps_worker_init(1);
	assert_true(caps_enter(7, 2, &slot));
}

static void
test_a_full_row_refuses(void **state)
{
	size_t	 slots[COLUMNS], slot;
	unsigned	 i, j;

	(void)state;
	for (i = 0; i < COLUMNS; i++) {
		assert_true(caps_enter(100 + i, 1, &slots[i]));
		assert_true(slots[i] < COLUMNS);
		for (j = 0; j < i; j++)
			assert_true(slots[i] != slots[j]);
	}
	assert_false(caps_enter(99, 1, &slot));
	/* Any slot that becomes free is found. */
	for (i = 0; i < COLUMNS; i++) {
		caps_leave(slots[i]);
		assert_true(caps_enter(99, COLUMNS, &slot));
		assert_int_equal(slot, slots[i]);
		assert_false(caps_enter(98, COLUMNS, &slots[i]));
	}
}

#define CAPS_TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CAPS_TEST(test_an_address_has_a_limit),
		CAPS_TEST(test_every_worker_counts),
		CAPS_TEST(test_a_start_clears_its_own_row),
		CAPS_TEST(test_a_full_row_refuses),
	};

	return (cmocka_run_group_tests_name("wire_caps", tests, NULL, NULL));
}
