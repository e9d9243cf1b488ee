/* SPDX-License-Identifier: ISC */
/* Connects coroutines to Kore's event loop. */

#ifndef CORO_LOOP_H
#define CORO_LOOP_H

#include <stdint.h>

/*
 * Our part of Kore's event loop. Event callbacks only put coroutines on the run
 * queue (coro_wake()), because an epoll batch holds raw pointers. The
 * coroutines run after the batch, from a timer of 0 ms.
 */
#define TICK_MS	500

/*
 * Call once in a worker. Then tick(now_ms) runs every TICK_MS, and round()
 * after the coroutines each time that loop_schedule() asked for.
 */
void	loop_init(unsigned coroutines_max, void (*tick)(uint64_t now_ms),
	    void (*round)(void));

/* Makes Kore's loop run the coroutines on the run queue soon. */
void	loop_schedule(void);

#endif
