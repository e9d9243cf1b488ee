/* SPDX-License-Identifier: ISC */
/* The requests of a worker: so many run at once, the others wait. */

#ifndef SRC_APP_QUEUE_H
#define SRC_APP_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct ctx;

#define RUNNING_MAX	512	/* requests that run at once, per worker */
#define WAITING_MAX	384	/* leaves connections to those who come */
#define QUEUE_MS	500	/* a tick sees it: 503 within a second */

enum queue_answer { QUEUE_RUN, QUEUE_WAIT, QUEUE_FULL };

/*
 * May the request run now, or does it wait for queue_next()? If others fill the
 * queue, it does neither. One of the admin listener never waits.
 */
enum queue_answer queue_enter(struct ctx *, bool is_admin);

/* The request waits no longer. Returns false if it did not wait. */
bool		 queue_leave(struct ctx *);

/*
 * One that ran has ended. Returns the one that has waited longest, which may
 * run now, or NULL.
 */
struct ctx	*queue_next(void);

/*
 * Returns a request that has waited QUEUE_MS at that time (coro_now_ms()),
 * which no longer waits, or NULL.
 */
struct ctx	*queue_late(uint64_t now);

#endif
