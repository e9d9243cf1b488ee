/* SPDX-License-Identifier: ISC */
/*
 * Coroutines: each has a stack of its own, so that waiting is an ordinary
 * function call.
 */

#ifndef CORO_CORO_H
#define CORO_CORO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Marks a function that may suspend its coroutine. It expands to nothing;
 * `make lint` checks that whoever calls such a function carries it too.
 */
#define AWAITS

#define CORO_STACK_SIZE	(256 * 1024)

struct coro;

/*
 * Makes a coroutine that will run fn(arg) on a stack of its own. It does not
 * start: coro_wake() puts it on the run queue, coro_resume() runs it at once.
 * When fn returns, or coro_exit() is called, done(arg) runs on the loop's
 * stack; it must end with coro_free().
 * Returns NULL when CORO_MAX coroutines live or memory is short.
 */
struct coro	*coro_new(void (*fn)(void *), void (*done)(void *), void *arg);
void		 coro_free(struct coro *);

/* Runs the coroutine until it suspends or ends. From the loop only. */
void		 coro_resume(struct coro *);

/*
 * Suspends the running coroutine until coro_wake(), or until timeout_ms have
 * passed (checked by coro_tick(), so up to one tick late).
 * Returns false when the time ran out.
 */
bool		 coro_suspend(uint64_t timeout_ms) AWAITS;

/* Ends the running coroutine where it stands; its stack is dropped. */
void		 coro_exit(void) __attribute__((noreturn));

/* Marks a suspended coroutine runnable; it runs from the loop's run queue. */
void		 coro_wake(struct coro *);

struct coro	*coro_self(void);

/* The monotonic clock that deadlines go by, in milliseconds. */
uint64_t	 coro_now_ms(void);

/* Runs what is runnable. Returns when the run queue is empty. */
void		 coro_run(void);

/* Wakes those whose deadline has passed. now_ms is the monotonic clock. */
void		 coro_tick(uint64_t now_ms);

/* How many live. */
unsigned	 coro_count(void);

/* The deepest stack an ended coroutine has used, in bytes. */
size_t		 coro_high_water(void);

/*
 * Once per process: the largest number of coroutines, and the function that
 * gets coro_run() called soon by the event loop.
 */
void		 coro_init(unsigned max, void (*schedule)(void));

#endif
