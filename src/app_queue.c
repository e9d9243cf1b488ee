/* SPDX-License-Identifier: ISC */
/*
 * Requests wait in the order in which they came. One that waits has no stack,
 * so that a thousand clients at once need little memory.
 */

#include <stddef.h>

#include "app_queue.h"
#include "base/metrics.h"
#include "coro/coro.h"
#include "request/ctx.h"

static unsigned			 running;
static unsigned			 nwaiting;
static TAILQ_HEAD(, ctx)	 waiting = TAILQ_HEAD_INITIALIZER(waiting);

static struct ctx *
leave(struct ctx *c)
{
	TAILQ_REMOVE(&waiting, c, queued);
	c->queued_at = 0;
	metrics->now.queued = --nwaiting;
	return (c);
}

enum queue_answer
queue_enter(struct ctx *c, bool is_admin)
{
	if (running < RUNNING_MAX || is_admin) {
		running++;
		return (QUEUE_RUN);
	}
	if (nwaiting == WAITING_MAX)
		return (QUEUE_FULL);
	c->queued_at = coro_now_ms();
	TAILQ_INSERT_TAIL(&waiting, c, queued);
	metrics->now.queued = ++nwaiting;
	return (QUEUE_WAIT);
}

bool
queue_leave(struct ctx *c)
{
	if (c->queued_at == 0)
		return (false);
	leave(c);
	return (true);
}

struct ctx *
queue_next(void)
{
	struct ctx	*c = TAILQ_FIRST(&waiting);

	running--;
	if (c == NULL || running >= RUNNING_MAX)
		return (NULL);
	running++;
	return (leave(c));
}

struct ctx *
queue_late(uint64_t now)
{
	struct ctx	*c = TAILQ_FIRST(&waiting);

	if (c == NULL || now - c->queued_at < QUEUE_MS)
		return (NULL);
	return (leave(c));
}
