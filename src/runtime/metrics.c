/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* Counters and gauges that all processes share. */

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/coro.h"
#include "runtime/metrics.h"
#include "runtime/offload.h"

struct shared		*shared;
struct worker_metrics	*metrics;

void
metrics_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "keel: cannot map shared memory\n");
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

void
metrics_tick(void)
{
	metrics->coroutines = coro_count();
	metrics->stack_high_water = coro_high_water();
	metrics->arenas = arena_count();
	metrics->tasks = offload_count();
}
