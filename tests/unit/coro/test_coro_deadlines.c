/* SPDX-License-Identifier: ISC */
/* When exactly a wait ends, by a clock that the test moves. */

/* sources: src/coro/coro.c src/base/mem.c src/base/faults.c */
/* defines: -Dclock_gettime=fake_clock */

#include "coro_fixture.h"
#include "fakes/clock_fake.h"

static unsigned	scheduled;

static void
schedule(void)
{
	scheduled++;
}

/* What the tick at that time makes of the coroutines. */
static const char *
at(uint64_t ms)
{
	now = ms;
	coro_tick(now);
	coro_run();
	return (heard());
}

static int
setup(void **state)
{
	(void)state;
	coro_init(4, schedule);
	now = 123456789;
	scheduled = 0;
	heard();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 ? 0 : -1);
}

static void
test_the_clock_is_in_milliseconds(void **state)
{
	(void)state;
	assert_int_equal(coro_now_ms(), 123456789);
	assert_int_equal(asked_clock, CLOCK_BOOTTIME);
}

/* At its deadline, not one millisecond before. */
static void
test_a_wait_ends_at_its_deadline(void **state)
{
	struct job	 a, b, c;

	(void)state;
	job_new(&a, "a", 2, 1000);
	job_new(&b, "b", 1, 1001);
	job_new(&c, "c", 1, 0);
	coro_resume(a.co);
	coro_resume(b.co);
	coro_resume(c.co);
	assert_string_equal(heard(), "a b c");
	assert_string_equal(at(123456788), "");
	assert_string_equal(at(123456789), "c- /c");
	assert_string_equal(at(123457788), "");
	assert_string_equal(at(123457789), "a-");
	assert_string_equal(at(123457790), "b- /b");
	assert_string_equal(at(123458788), "");
	assert_string_equal(at(123458789), "a- /a");
}

/* One that is not waiting has no deadline; a wake is asked for once. */
static void
test_one_that_has_not_started(void **state)
{
	struct job	 a;

	(void)state;
	job_new(&a, "a", 1, 10);
	coro_tick(UINT64_MAX);
	assert_int_equal(scheduled, 0);
	coro_resume(a.co);
	coro_tick(now + 10);
	coro_tick(now + 11);
	coro_wake(a.co);
	assert_int_equal(scheduled, 1);
	coro_run();
	assert_string_equal(heard(), "a a- /a");
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_the_clock_is_in_milliseconds),
		TEST(test_a_wait_ends_at_its_deadline),
		TEST(test_one_that_has_not_started),
	};

	return (cmocka_run_group_tests_name("coro_deadlines", tests, NULL,
	    NULL));
}
