/* SPDX-License-Identifier: ISC */
/* Short tasks of the runner itself. For src/jobs only. */

#ifndef JOBS_JOBS_TURN_H
#define JOBS_JOBS_TURN_H

#include <stdbool.h>

struct ctx;

/*
 * Runs fn in a coroutine of its own, with a ctx without a request, and sets
 * *busy until it has ended; then calls ended(), unless that is NULL. What fn
 * raises is logged. Does nothing if *busy is set, or when memory runs out: the
 * next tick tries again.
 */
void	 turn_begin(void (*fn)(struct ctx *), bool *busy,
	    void (*ended)(void));

#endif
