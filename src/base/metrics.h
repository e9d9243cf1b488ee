/* SPDX-License-Identifier: ISC */
/* Counters and gauges, shared by all processes. */

#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#define METRICS_WORKERS_MAX	128

/*
 * The metrics of one worker. If it dies, the next one goes on with its
 * counters, since a counter never goes down; the gauges are zeroed.
 */
struct worker_metrics {
	struct {
		_Atomic uint64_t	requests[6];	/* status / 100 */
		_Atomic uint64_t	connections_refused;	/* no room */
		_Atomic uint64_t	connections_evicted;	/* for others */
	} total;
	struct {
		_Atomic uint64_t	coroutines;
		_Atomic uint64_t	queued;		/* requests */
		_Atomic uint64_t	stack_high_water; /* bytes */
		_Atomic uint64_t	arenas;
		_Atomic uint64_t	tasks;
		_Atomic uint64_t	db_in_use;
		_Atomic uint64_t	db_idle;
		_Atomic uint64_t	db_down;
		_Atomic uint64_t	db_ending;
		_Atomic uint64_t	connections;
		_Atomic uint64_t	wire_memory;	/* of requests */
	} now;
};

/* Memory that all processes of this server share, mapped before the fork. */
struct shared {
	uint64_t		began;		/* seconds, CLOCK_MONOTONIC */
	_Atomic uint64_t	worker_restarts;
	_Atomic uint64_t	log_lines_dropped;	/* of all processes */
	/* Of the first one that expires, as in timefmt.h; 0: no TLS. */
	_Atomic int64_t		certificate_expires;
	_Atomic uint64_t	certificates_refused;	/* replaced, not good */
	struct worker_metrics	workers[METRICS_WORKERS_MAX];
};

extern struct shared		*shared;
extern struct worker_metrics	*metrics;	/* this worker's */

/* In the parent, before the fork. Returns NULL, or an error message. */
const char	*metrics_init(void);

/* Seconds since metrics_init(). */
uint64_t	 metrics_uptime(void);

/* In worker `id`, counted from 0. restarted: it replaces one that died. */
void		 metrics_worker_init(unsigned id, int restarted);

#endif
