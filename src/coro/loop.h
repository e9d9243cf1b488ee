/* SPDX-License-Identifier: ISC */
/* The meeting of coroutines and Kore's event loop. */

#ifndef CORO_LOOP_H
#define CORO_LOOP_H

#include <stdint.h>

/*
 * Our part of Kore's event loop. Event callbacks only mark coroutines
 * runnable (coro_wake()); they run after the batch, from a timer of zero
 * milliseconds, because an epoll batch holds raw pointers.
 */
#define TICK_MS	500

/*
 * In a worker, once. tick(now) then runs every TICK_MS, round() in every round
 * that loop_schedule() asked for.
 */
void	loop_init(unsigned coroutines_max, void (*tick)(uint64_t now_ms),
	    void (*round)(void));

/* Makes Kore's loop come round soon, and run what is runnable. */
void	loop_schedule(void);

#endif
