/* SPDX-License-Identifier: ISC */
/* Runs coroutines from Kore's event loop. */

#include <sys/types.h>

#include <kore/kore.h>

#include <stdbool.h>

#include "base/arena.h"
#include "base/metrics.h"
#include "coro/coro.h"
#include "coro/loop.h"

static bool	scheduled;
static void	(*on_tick)(uint64_t);
static void	(*on_round)(void);

static void
loop_run(void *arg, u_int64_t now)
{
	(void)arg;
	(void)now;
	scheduled = false;
	coro_run();
	on_round();
}

/*
 * A timer of 0 ms makes the next epoll wait 0 ms, too. Without it, a coroutine
 * that http_process() wakes sleeps until the next tick.
 */
void
loop_schedule(void)
{
	if (scheduled)
		return;
	scheduled = true;
	kore_timer_add(loop_run, 0, NULL, KORE_TIMER_ONESHOT);
}

/*
 * Without a timer Kore's loop waits forever, and its own timeouts are never
 * checked. This timer wakes it regularly.
 */
static void
loop_tick(void *arg, u_int64_t now)
{
	(void)arg;
	coro_tick(coro_now_ms());
	on_tick(now);
	metrics->now.coroutines = coro_count();
	metrics->now.stack_high_water = coro_high_water();
	metrics->now.arenas = arena_count();
}

void
loop_init(unsigned coroutines_max, void (*tick)(uint64_t), void (*round)(void))
{
	coro_init(coroutines_max, loop_schedule);
	on_tick = tick;
	on_round = round;
	kore_timer_add(loop_tick, TICK_MS, NULL, 0);
}
