/* SPDX-License-Identifier: ISC */
/* Counters and gauges in memory that all processes share. */

#include <sys/mman.h>

#include <string.h>

#include "base/metrics.h"

struct shared		*shared;
struct worker_metrics	*metrics;

const char *
metrics_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return (shared == MAP_FAILED ? "cannot map shared memory" : NULL);
}

void
metrics_worker_init(unsigned id, int restarted)
{
	metrics = &shared->workers[id % METRICS_WORKERS_MAX];
	memset(&metrics->now, 0, sizeof(metrics->now));
	if (restarted)
		shared->worker_restarts++;
}
