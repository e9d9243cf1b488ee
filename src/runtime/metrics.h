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

#ifndef KEEL_RUNTIME_METRICS_H
#define KEEL_RUNTIME_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#define METRICS_WORKERS_MAX	128

/* What one worker tells; zeroed when it starts. */
struct worker_metrics {
	_Atomic uint64_t	started;	/* this slot has a worker */
	_Atomic uint64_t	requests[6];	/* by status class */
	_Atomic uint64_t	coroutines;
	_Atomic uint64_t	stack_high_water;	/* bytes */
	_Atomic uint64_t	arenas;
	_Atomic uint64_t	tasks;
	_Atomic uint64_t	db_in_use;
	_Atomic uint64_t	db_idle;
	_Atomic uint64_t	db_down;
	_Atomic uint64_t	connections;
	_Atomic uint64_t	connections_refused;	/* ever: too many */
	_Atomic uint64_t	connections_evicted;	/* ever: for another */
	_Atomic uint64_t	wire_memory;	/* bytes of unread requests */
};

/* Memory all processes of this server share, mapped before the fork. */
struct shared {
	_Atomic uint64_t	worker_restarts;
	struct worker_metrics	workers[METRICS_WORKERS_MAX];
};

extern struct shared		*shared;
extern struct worker_metrics	*metrics;	/* this worker's */

/* In the parent. Exits with one line when it cannot be mapped. */
void	metrics_init(void);

/* In worker `id`, counted from 0. restarted: it follows one that died. */
void	metrics_worker_init(unsigned id, int restarted);

/* Brings the gauges up to date. */
void	metrics_tick(void);

#endif
