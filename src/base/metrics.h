/* SPDX-License-Identifier: ISC */
/* Counters and gauges, shared by all processes. */

#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#define METRICS_WORKERS_MAX	128

/* The metrics of one worker; zeroed when it starts. */
struct worker_metrics {
	_Atomic uint64_t	started;	/* this slot has a worker */
	_Atomic uint64_t	requests[6];	/* index: status / 100 */
	_Atomic uint64_t	coroutines;
	_Atomic uint64_t	stack_high_water;	/* bytes */
	_Atomic uint64_t	arenas;
	_Atomic uint64_t	tasks;
	_Atomic uint64_t	db_in_use;
	_Atomic uint64_t	db_idle;
	_Atomic uint64_t	db_down;
	_Atomic uint64_t	connections;
	_Atomic uint64_t	connections_refused;	/* total; no room */
	_Atomic uint64_t	connections_evicted;	/* closed for others */
	_Atomic uint64_t	wire_memory;	/* bytes of requests */
};

/* Memory that all processes of this server share, mapped before the fork. */
struct shared {
	_Atomic uint64_t	worker_restarts;
	/* Of the first one that expires, as in timefmt.h; 0: no TLS. */
	_Atomic int64_t		certificate_expires;
	struct worker_metrics	workers[METRICS_WORKERS_MAX];
};

extern struct shared		*shared;
extern struct worker_metrics	*metrics;	/* this worker's */

/* In the parent, before the fork. Returns NULL, or an error message. */
const char	*metrics_init(void);

/* In worker `id`, counted from 0. restarted: it replaces one that died. */
void		 metrics_worker_init(unsigned id, int restarted);

#endif
