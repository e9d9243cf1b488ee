/* SPDX-License-Identifier: ISC */
/* When an attempt ends before its handler has: its times, and its lease. */

/* sources: src/base/log_write.c */
/* sources: src/jobs/jobs_attempt.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "jobs/jobs_attempt_fixture.h"

static void
test_timeout_and_lease(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 1, 0);
	coro_tick(coro_now_ms() + 10000);
	coro_run();
	assert_int_equal(database.times, 0);

	attempt_extend(running, coro_now_ms() - 1);	/* as after SIGSTOP */
	coro_wake(running->c.coro);
	coro_run();
	assert_told("queued", "Its lease ran out: still asleep");

	setup(NULL);
	begin(&sleep_long_kind, 1, 61000);
	assert_null(running);
	assert_string_equal(database.status, "queued");

	setup(NULL);
	begin(&sleep_long_kind, 1, 0);
	running->timeout = 1;
	attempt_extend(running, coro_now_ms() + 20000);
	coro_wake(running->c.coro);
	coro_run();
	assert_told("queued", "It took too long: still asleep");
}

/* While it waits for a server, that one's time counts, and then its own. */
static void
test_it_waits_for_a_server(void **state)
{
	uint64_t	 now = coro_now_ms(), timeout;

	(void)state;
	begin(&sleep_long_kind, 1, 15000);
	timeout = running->timeout;
	assert_in_range(timeout, now + 45000, coro_now_ms() + 45000);
	attempt_extend(running, now + 3600000);
	assert_int_equal(running->waits_since, 0);
	job_waits(&running->c, now + 100000);
	assert_true(running->waits_since >= now);
	assert_int_equal(running->c.deadline, now + 100000);
	now = running->waits_since;
	job_waits(&running->c, now + 700000);
	assert_int_equal(running->waits_since, now);
	assert_int_equal(running->c.deadline, now + 700000);
	coro_tick(now + 699000);
	coro_run();
	assert_int_equal(database.times, 0);

	/* The lease still ends it, and so does the runner. */
	attempt_extend(running, now + 9000);
	assert_int_equal(running->c.deadline, now + 9000);
	attempt_extend(running, now + 3600000);
	job_waits(&running->c, 0);
	assert_int_equal(running->waits_since, 0);
	assert_in_range(running->c.deadline, timeout,
	    timeout + coro_now_ms() - now);
	now = running->c.deadline;
	job_waits(&running->c, 0);
	assert_int_equal(running->c.deadline, now);
	attempt_cancel(running);
	job_waits(&running->c, now + 100000);
	coro_run();
	assert_told("queued", "The runner was stopped: still asleep");
}

/* Its time was over before: it ends when the server has answered. */
static void
test_it_waits_and_has_no_time_left(void **state)
{
	uint64_t	 now = coro_now_ms();

	(void)state;
	begin(&sleep_long_kind, 1, 0);
	running->timeout = now - 1;
	job_waits(&running->c, now + 10000);
	job_waits(&running->c, 0);
	coro_wake(running->c.coro);
	coro_run();
	assert_told("queued", "It took too long: still asleep");
}

static void
test_cancel(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 3, 0);
	attempt_cancel(running);
	attempt_extend(running, coro_now_ms() + 20000);
	coro_run();
	assert_told("queued", "The runner was stopped: still asleep");
	assert_true(database.cancelled);
	assert_true(database.delay == 0);
}

/* The same runner has claimed the job again: the first attempt has lost it. */
static void
test_disown(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 1, 0);
	attempt_disown(running);
	attempt_extend(running, coro_now_ms() + 20000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 0);

	database.fails = 1;
	begin(&work_kind, 1, 0);
	attempt_disown(running);
	attempt_tick(running, coro_now_ms() + 5000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 1);
}

/* A renewal did not get the lease. */
static void
test_a_lost_lease(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 1, 0);
	attempt_lose(running);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 0);

	/* The renewal may have come after the outcome: it is written again. */
	database.fails = 1;
	begin(&work_kind, 1, 0);
	assert_int_equal(database.times, 1);
	attempt_lose(running);
	attempt_tick(running, coro_now_ms() + 5000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 2);
	assert_string_equal(database.status, "done");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_timeout_and_lease),
		TEST(test_it_waits_for_a_server),
		TEST(test_it_waits_and_has_no_time_left),
		TEST(test_cancel),
		TEST(test_disown),
		TEST(test_a_lost_lease),
	};

	return (cmocka_run_group_tests_name("jobs_attempt_times", tests, NULL,
	    NULL));
}
