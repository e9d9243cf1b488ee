/* SPDX-License-Identifier: ISC */
/* Counters and gauges in memory that all processes share. */

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "product.h"

struct shared		*shared;
struct worker_metrics	*metrics;

void
metrics_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, PRODUCT ": cannot map shared memory\n");
		exit(1);
	}
}

void
metrics_worker_init(unsigned id, int restarted)
{
	metrics = &shared->workers[id % METRICS_WORKERS_MAX];
	memset(metrics, 0, sizeof(*metrics));
	metrics->started = 1;
	if (restarted)
		shared->worker_restarts++;
}
