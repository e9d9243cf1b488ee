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

#include <string.h>
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
		assert_int_equal(metrics->total.requests[2], 0);
		metrics->total.requests[2] = id + 1;
	}
	for (id = 0; id < METRICS_WORKERS_MAX; id++)
		assert_int_equal(shared->workers[id].total.requests[2], id + 1);
	assert_int_equal(shared->worker_restarts, 0);
}

/* So a counter never goes down, and no gauge is of the one that died. */
static void
test_a_restart_keeps_the_counters_only(void **state)
{
	struct worker_metrics	 want;

	(void)state;
	metrics_worker_init(0, 0);
	metrics->now.connections = 5;
	metrics_worker_init(1, 0);
	memset((void *)&metrics->total, 7, sizeof(metrics->total));
	memset((void *)&metrics->now, 7, sizeof(metrics->now));
	memcpy(&want, (void *)metrics, sizeof(want));
	memset((void *)&want.now, 0, sizeof(want.now));
	metrics_worker_init(1, 1);
	assert_int_equal(shared->worker_restarts, 1);
	assert_memory_equal(metrics, &want, sizeof(want));
	assert_int_equal(shared->workers[0].now.connections, 5);
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
		metrics->now.arenas = 7;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(shared->workers[3].now.arenas, 7);
	assert_int_equal(shared->worker_restarts, 1);
}

#define METRICS_TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		METRICS_TEST(test_each_worker_has_its_own),
		METRICS_TEST(test_a_restart_keeps_the_counters_only),
		METRICS_TEST(test_other_processes_see_them),
	};

	return (cmocka_run_group_tests_name("metrics", tests, NULL, NULL));
}
