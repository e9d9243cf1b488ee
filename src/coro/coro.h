/* SPDX-License-Identifier: ISC */
/* Coroutines with their own stacks: to wait is an ordinary function call. */

#ifndef CORO_CORO_H
#define CORO_CORO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Marks a function that may suspend its coroutine. It expands to nothing; `make
 * lint` checks that every caller of such a function is marked, too.
 */
#define AWAITS

#define CORO_STACK_SIZE	(256 * 1024)

struct coro;

/*
 * Makes a coroutine that will run fn(arg) on its own stack. It does not start
 * yet: coro_wake() puts it on the run queue, coro_resume() runs it at once.
 * When fn returns or calls coro_exit(), done(arg) runs on the loop's stack; it
 * must free the coroutine with coro_free(). Returns NULL when the maximum
 * number of coroutines exists or memory is short.
 */
struct coro	*coro_new(void (*fn)(void *), void (*done)(void *), void *arg);
void		 coro_free(struct coro *);

/* Runs the coroutine until it suspends or ends. Call it from the loop only. */
void		 coro_resume(struct coro *);

/*
 * Suspends the running coroutine until coro_wake(), or until timeout_ms have
 * passed (coro_tick() checks it, up to a tick late). Returns false on a
 * timeout.
 */
bool		 coro_suspend(uint64_t timeout_ms) AWAITS;

/* Ends the running coroutine at once; its stack is not unwound. */
void		 coro_exit(void) __attribute__((noreturn));

/* Puts a suspended coroutine on the run queue. */
void		 coro_wake(struct coro *);

/* The running coroutine; NULL on the loop's stack. */
struct coro	*coro_self(void);

/*
 * For whom the coroutine runs: so that the log can say it when the process
 * crashes, and a debugger of one that waits.
 */
void		 coro_own(struct coro *, void *owner);

/* Work for that owner begins on the loop's stack; NULL: it ends. */
void		 coro_beside(void *owner);

/*
 * For whom the process works now; NULL: for nobody. On the loop's stack, that
 * is the owner of the coroutine whose done() runs, or that of coro_beside().
 */
void		*coro_owner(void);

/* Is the address in the guard page below the stack of the running coroutine? */
bool		 coro_overflows(const void *address);

/*
 * The clock for deadlines, in milliseconds. Nobody sets it, and it goes on
 * while the host sleeps, unlike kore_time_ms(): never compare the two.
 */
uint64_t	 coro_now_ms(void);

/* Runs the coroutines on the run queue until it is empty. */
void		 coro_run(void);

/* Wakes coroutines whose deadline has passed. now_ms is coro_now_ms(). */
void		 coro_tick(uint64_t now_ms);

/* The number of coroutines that exist. */
unsigned	 coro_count(void);

/* The deepest stack that an ended coroutine has used, in bytes. */
size_t		 coro_high_water(void);

/*
 * Call once per process. max: the largest number of coroutines; schedule: makes
 * the event loop call coro_run() soon.
 */
void		 coro_init(unsigned max, void (*schedule)(void));

#endif
