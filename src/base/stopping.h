/* SPDX-License-Identifier: ISC */
/* That the server is stopping, in memory that all its processes share. */

#ifndef BASE_STOPPING_H
#define BASE_STOPPING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"

struct stopping {
	_Atomic uint64_t	begun;		/* kore_time_ms(); 0: not yet */
	_Atomic bool		hurried;	/* no wait for idle clients */
	_Atomic bool		at_once;	/* nor for anything else */

	/* Requests since then. */
	_Atomic uint64_t	finished;
	_Atomic uint64_t	cut;

	/* By the number of the worker, from 0. */
	_Atomic bool		heard[METRICS_WORKERS_MAX]; /* its clients */
	_Atomic bool		deaf[METRICS_WORKERS_MAX];  /* accepts none */
	_Atomic bool		drained[METRICS_WORKERS_MAX];
	_Atomic uint64_t	open[METRICS_WORKERS_MAX];  /* requests */
};

extern struct stopping	*stopping;	/* NULL in a command */

/* In the parent, before the fork. Returns NULL, or an error message. */
const char	*stopping_init(void);

/* Has the server been told to stop? Then responses close their connections. */
bool		 stopping_begun(void);

/*
 * In a worker: its number, from 0; and that a response has been sent, and it
 * has so many requests now.
 */
void		 stopping_worker_init(unsigned number);
void		 stopping_finished(unsigned open);

/* Are these flags set for all workers? */
bool		 stopping_all(const _Atomic bool flags[METRICS_WORKERS_MAX],
		    unsigned workers);

#endif
