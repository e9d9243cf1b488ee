/* SPDX-License-Identifier: ISC */
/* Counters and gauges in memory that all processes share. */

#include <sys/mman.h>

#include <string.h>
#include <time.h>

#include "base/metrics.h"

struct shared		*shared;
struct worker_metrics	*metrics;

static uint64_t
monotonic_seconds(void)
{
	struct timespec	 now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec);
}

const char *
metrics_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return ("cannot map shared memory");
	shared->began = monotonic_seconds();
	return (NULL);
}

uint64_t
metrics_uptime(void)
{
	return (monotonic_seconds() - shared->began);
}

void
metrics_worker_init(unsigned id, int restarted)
{
	metrics = &shared->workers[id % METRICS_WORKERS_MAX];
	memset(&metrics->now, 0, sizeof(metrics->now));
	if (restarted)
		shared->worker_restarts++;
}
