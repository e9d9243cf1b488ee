/* SPDX-License-Identifier: ISC */
/* Which requests run, which wait, and for how long. */

/* sources: src/app_queue.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app_queue.h"
#include "base/metrics.h"
#include "request/ctx.h"

static struct worker_metrics	 gauges;
struct worker_metrics		*metrics = &gauges;

static uint64_t	now = 1000;

/* For app_queue.c, instead of coro.c's. */
uint64_t
coro_now_ms(void)
{
	return (now);
}

static struct ctx	requests[RUNNING_MAX + WAITING_MAX + 3];

static int
enter_all(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < RUNNING_MAX; i++)
		assert_int_equal(queue_enter(&requests[i], false), QUEUE_RUN);
	return (0);
}

static int
leave_all(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < RUNNING_MAX; i++)
		assert_null(queue_next());
	return (0);
}

static void
test_the_first_that_came_is_the_first_that_runs(void **state)
{
	struct ctx	*late = &requests[RUNNING_MAX];

	(void)state;
	assert_int_equal(queue_enter(&late[0], false), QUEUE_WAIT);
	assert_int_equal(queue_enter(&late[1], false), QUEUE_WAIT);
	assert_ptr_equal(queue_next(), &late[0]);
	assert_int_equal(queue_enter(&late[2], false), QUEUE_WAIT);
	assert_int_equal(gauges.now.queued, 2);
	assert_ptr_equal(queue_next(), &late[1]);
	assert_ptr_equal(queue_next(), &late[2]);
	assert_int_equal(gauges.now.queued, 0);
	assert_null(queue_next());
	assert_int_equal(queue_enter(&late[0], false), QUEUE_RUN);
	assert_int_equal(queue_enter(&late[1], false), QUEUE_WAIT);
	assert_ptr_equal(queue_next(), &late[1]);
}

static void
test_none_waits_longer_than_half_a_second(void **state)
{
	struct ctx	*late = &requests[RUNNING_MAX];

	(void)state;
	assert_null(queue_late(now));
	assert_int_equal(queue_enter(&late[0], false), QUEUE_WAIT);
	now += 100;
	assert_int_equal(queue_enter(&late[1], false), QUEUE_WAIT);
	assert_null(queue_late(now + QUEUE_MS - 101));
	assert_ptr_equal(queue_late(now + QUEUE_MS - 100), &late[0]);
	assert_null(queue_late(now + QUEUE_MS - 1));
	assert_ptr_equal(queue_late(now + QUEUE_MS), &late[1]);
	assert_null(queue_late(now + QUEUE_MS));
	assert_int_equal(gauges.now.queued, 0);
	assert_int_equal(queue_enter(&late[2], false), QUEUE_WAIT);
	assert_ptr_equal(queue_next(), &late[2]);
}

/* Its operator sees it when it is full. */
static void
test_the_admin_listener_does_not_wait(void **state)
{
	struct ctx	*late = &requests[RUNNING_MAX];

	(void)state;
	assert_int_equal(queue_enter(&late[0], true), QUEUE_RUN);
	assert_int_equal(queue_enter(&late[1], true), QUEUE_RUN);
	assert_int_equal(queue_enter(&late[2], false), QUEUE_WAIT);
	assert_null(queue_next());
	assert_null(queue_next());
	assert_ptr_equal(queue_next(), &late[2]);
}

/* A flood leaves the admin listener and its connections alone. */
static void
test_the_queue_has_an_end(void **state)
{
	struct ctx	*late = &requests[RUNNING_MAX];
	size_t		 i;

	(void)state;
	for (i = 0; i < WAITING_MAX; i++)
		assert_int_equal(queue_enter(&late[i], false), QUEUE_WAIT);
	assert_int_equal(queue_enter(&late[i], false), QUEUE_FULL);
	assert_int_equal(gauges.now.queued, WAITING_MAX);
	assert_int_equal(queue_enter(&late[i], true), QUEUE_RUN);
	assert_null(queue_next());
	assert_ptr_equal(queue_next(), &late[0]);
	assert_int_equal(queue_enter(&late[i], false), QUEUE_WAIT);
	for (i = 1; i <= WAITING_MAX; i++)
		assert_ptr_equal(queue_next(), &late[i]);
}

static void
test_one_that_leaves_is_not_run(void **state)
{
	struct ctx	*late = &requests[RUNNING_MAX];

	(void)state;
	assert_int_equal(queue_enter(&late[0], false), QUEUE_WAIT);
	assert_int_equal(queue_enter(&late[1], false), QUEUE_WAIT);
	assert_true(queue_leave(&late[0]));
	assert_false(queue_leave(&late[0]));
	assert_int_equal(gauges.now.queued, 1);
	assert_ptr_equal(queue_next(), &late[1]);
	assert_false(queue_leave(&late[1]));
	assert_int_equal(gauges.now.queued, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_the_first_that_came_is_the_first_that_runs,
		    enter_all, leave_all),
		cmocka_unit_test_setup_teardown(
		    test_none_waits_longer_than_half_a_second, enter_all,
		    leave_all),
		cmocka_unit_test_setup_teardown(
		    test_the_admin_listener_does_not_wait, enter_all,
		    leave_all),
		cmocka_unit_test_setup_teardown(test_the_queue_has_an_end,
		    enter_all, leave_all),
		cmocka_unit_test_setup_teardown(
		    test_one_that_leaves_is_not_run, enter_all, leave_all),
	};

	return (cmocka_run_group_tests_name("app_queue", tests, NULL, NULL));
}
