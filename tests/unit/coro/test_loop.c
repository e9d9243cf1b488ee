/* SPDX-License-Identifier: ISC */
/* Our timers in Kore's loop: the tick, and the rounds of coroutines. */

/* sources: src/coro/loop.c */

#include <sys/types.h>

#include <kore/kore.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/metrics.h"
#include "coro/coro.h"
#include "coro/loop.h"

static struct worker_metrics	gauges;
struct worker_metrics		*metrics = &gauges;

static char	said[256];
static void	(*run_timer)(void *, u_int64_t);	/* the last added */
static void	(*tick_timer)(void *, u_int64_t);
static bool	wakes;		/* a coroutine wakes another */

static void	say(const char *, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	size_t	 n = strlen(said);
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
}

#define assert_said(text)						\
	do {								\
		assert_string_equal(said, text);			\
		said[0] = '\0';						\
	} while (0)

/* Kore, and what the loop calls. */

struct kore_timer *
kore_timer_add(void (*fn)(void *, u_int64_t), u_int64_t ms, void *arg,
    int flags)
{
	assert_null(arg);
	run_timer = fn;
	say("[timer %u%s]", (unsigned)ms,
	    flags == KORE_TIMER_ONESHOT ? " once" : "");
	if (flags == 0)
		tick_timer = fn;
	return (NULL);
}

void
coro_init(unsigned max, void (*schedule)(void))
{
	assert_ptr_equal(schedule, loop_schedule);
	say("[init %u]", max);
}

void
coro_run(void)
{
	say("[run]");
	if (wakes)
		loop_schedule();
	wakes = false;
}

void
coro_tick(uint64_t now)
{
	say("[coroutines' deadlines %u]", (unsigned)now);
}

unsigned
coro_count(void)
{
	say("[count]");
	return (3);
}

size_t
coro_high_water(void)
{
	return (4096);
}

unsigned
arena_count(void)
{
	return (5);
}

static void
tick(uint64_t now)
{
	say("[tick %u]", (unsigned)now);
}

static void
round_ends(void)
{
	say("[round]");
}

static int
setup(void **state)
{
	(void)state;
	loop_init(512, tick, round_ends);
	return (0);
}

static void
test_it_ticks_twice_a_second(void **state)
{
	(void)state;
	assert_said("[init 512][timer 500]");
}

/* Kore's clock stands still while the host sleeps, and ours does not. */
uint64_t
coro_now_ms(void)
{
	return (99);
}

/* Who times out at this tick is counted as before: it runs afterwards. */
static void
test_a_tick(void **state)
{
	(void)state;
	said[0] = '\0';
	tick_timer(NULL, 77);
	assert_said("[coroutines' deadlines 99][tick 77][count]");
	assert_int_equal(gauges.now.coroutines, 3);
	assert_int_equal(gauges.now.stack_high_water, 4096);
	assert_int_equal(gauges.now.arenas, 5);
}

/* Without the timer the loop would sleep until the next tick. */
static void
test_a_round_is_asked_for_once(void **state)
{
	(void)state;
	said[0] = '\0';
	loop_schedule();
	assert_said("[timer 0 once]");
	loop_schedule();
	assert_said("");
	run_timer(NULL, 1);
	assert_said("[run][round]");
	loop_schedule();
	assert_said("[timer 0 once]");
	run_timer(NULL, 2);
	assert_said("[run][round]");
}

/* What is woken during a round has another one. */
static void
test_a_wake_during_a_round(void **state)
{
	(void)state;
	loop_schedule();
	said[0] = '\0';
	wakes = true;
	run_timer(NULL, 1);
	assert_said("[run][timer 0 once][round]");
	run_timer(NULL, 2);
	assert_said("[run][round]");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_it_ticks_twice_a_second),
		cmocka_unit_test(test_a_tick),
		cmocka_unit_test(test_a_round_is_asked_for_once),
		cmocka_unit_test(test_a_wake_during_a_round),
	};

	return (cmocka_run_group_tests_name("loop", tests, setup, NULL));
}
