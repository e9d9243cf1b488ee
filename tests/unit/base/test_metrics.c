/* SPDX-License-Identifier: ISC */
/* The counters of the workers: each one's own, and those of one that died. */

/* sources: src/base/metrics.c */

#include <sys/types.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/metrics.h"

static int
setup(void **state)
{
	(void)state;
	return (metrics_init() == NULL ? 0 : -1);
}

static void
test_each_worker_has_its_own(void **state)
{
	unsigned	 id;

	(void)state;
	for (id = 0; id < METRICS_WORKERS_MAX; id++) {
		metrics_worker_init(id, 0);
		assert_ptr_equal(metrics, &shared->workers[id]);
		assert_int_equal(metrics->requests[2], 0);
		assert_int_equal(metrics->started, 1);
		metrics->requests[2] = id + 1;
	}
	for (id = 0; id < METRICS_WORKERS_MAX; id++)
		assert_int_equal(shared->workers[id].requests[2], id + 1);
	assert_int_equal(shared->worker_restarts, 0);
}

static void
test_a_restart_counts_and_begins_at_zero(void **state)
{
	(void)state;
	metrics_worker_init(0, 0);
	metrics->connections = 5;
	metrics_worker_init(1, 0);
	metrics->connections = 6;
	metrics_worker_init(1, 1);
	assert_int_equal(shared->worker_restarts, 1);
	assert_int_equal(metrics->connections, 0);
	assert_int_equal(metrics->started, 1);
	assert_int_equal(shared->workers[0].connections, 5);
	metrics_worker_init(1, 1);
	assert_int_equal(shared->worker_restarts, 2);
}

/* The admin's request may come to any worker. */
static void
test_other_processes_see_them(void **state)
{
	pid_t	 child;
	int	 status;

	(void)state;
	if ((child = fork()) == 0) {
		metrics_worker_init(3, 1);
		metrics->arenas = 7;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(shared->workers[3].arenas, 7);
	assert_int_equal(shared->worker_restarts, 1);
}

#define METRICS_TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		METRICS_TEST(test_each_worker_has_its_own),
		METRICS_TEST(test_a_restart_counts_and_begins_at_zero),
		METRICS_TEST(test_other_processes_see_them),
	};

	return (cmocka_run_group_tests_name("metrics", tests, NULL, NULL));
}
