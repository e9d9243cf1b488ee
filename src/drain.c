/* SPDX-License-Identifier: ISC */
/* The orderly end of the server: no request is cut. */

#include <sys/types.h>
#include <sys/eventfd.h>

#include <kore/kore.h>

#include <inttypes.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stopping.h"
#include "config.h"
#include "coro/coro.h"
#include "drain.h"
#include "modules/auth/auth.h"
#include "product.h"
#include "request/offload.h"
#include "utils/start_error.h"
#include "wire/wire.h"

#define STEP_MS		50	/* between two looks of a worker */
#define GRACE_MS	2000	/* after the deadline, to report */

static unsigned	delay_seconds, drain_seconds;

SETTINGS(drain,
    {
	ENV("DRAIN_DELAY_SECONDS"), NUMBER(0, 600), .number = &delay_seconds,
	.fallback = "0",
	.meaning = "After SIGTERM, how long the server at least goes on "
	    "accepting connections, while /readyz says 503: as long as a "
	    "[balancer](operation.md#stopping) needs to see it.",
    },
    {
	ENV("DRAIN_SECONDS"), NUMBER(0, 600), .number = &drain_seconds,
	.fallback = "15",
	.meaning = "After that, how long the server waits at most for idle "
	    "connections (half of it) and for requests.",
    });

/* An eventfd, which wakes all workers: they see a signal of the parent's. */
static int	bell = -1;

/* In a worker. */
static struct kore_event	bell_event;
static enum {
	DRAIN_NOT,
	DRAIN_ACCEPTING,	/* new connections, too */
	DRAIN_FINISHING,
	DRAIN_DONE
} state;
static unsigned			id;

const char *
drain_init(void)
{
	const char	*problem;

	if ((problem = stopping_init()) != NULL)
		return (problem);
	if ((bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) == -1)
		return (start_error("cannot make an eventfd: %m"));
	return (NULL);
}

void
drain_begin(bool hurried)
{
	static const uint64_t	 one = 1;

	stopping->hurried = hurried;
	stopping->begun = coro_now_ms();
	if (write(bell, &one, sizeof(one)) == -1)
		return;		/* it rings already */
}

/* When the first part ends at the latest, and the second, both from begun. */
static void
deadlines(uint64_t *accepting, uint64_t *finishing)
{
	uint64_t	 delay = stopping->hurried ? 0 : delay_seconds * 1000u;

	*finishing = delay + drain_seconds * 1000u;
	*accepting = stopping->hurried ? 0 : delay + drain_seconds * 500u;
}

bool
drain_is_late(uint64_t now)
{
	uint64_t	 accepting, finishing;

	deadlines(&accepting, &finishing);
	return (now >= stopping->begun + finishing + GRACE_MS);
}

void
drain_log(void)
{
	struct jsonw	*j;

	if ((j = log_begin(LEVEL_INFO, NULL, "stop")) == NULL)
		return;
	jsonw_int(j, "finished", (int64_t)stopping->finished);
	jsonw_int(j, "cut", (int64_t)stopping->cut);
	log_end(j);
}

/* Is there a client that has not heard of it yet? */
static bool
may_stop_accepting(uint64_t since)
{
	uint64_t	 accepting, finishing;

	deadlines(&accepting, &finishing);
	return (since >= accepting || (since >= delay_seconds * 1000u &&
	    !wire_has_older(stopping->begun)));
}

static void
stop_accepting(void)
{
	wire_stop_accepting();
	stopping->deaf[id] = true;
	if (stopping_all(stopping->deaf, config.workers))
		wire_shut_listeners();
	state = DRAIN_FINISHING;
}

static bool
has_finished(uint64_t now)
{
	uint64_t	 accepting, finishing;

	auth_usage_flush(now);
	if (wire_close_idle(now) + coro_count() + offload_count() == 0)
		return (true);
	deadlines(&accepting, &finishing);
	return (now >= stopping->begun + finishing);
}

static void
drain_step(void *arg, u_int64_t now)
{
	(void)arg;
	if (state == DRAIN_ACCEPTING &&
	    may_stop_accepting(now - stopping->begun))
		stop_accepting();
	if (state == DRAIN_FINISHING && has_finished(now)) {
		state = DRAIN_DONE;
		stopping->drained[id] = true;
		kore_msg_send(KORE_MSG_PARENT, MSG_DRAINED, NULL, 0);
	}
}

/* An event callback; connections are closed after all of them. */
static void
bell_rings(void *arg, int error)
{
	(void)arg;
	(void)error;
	kore_platform_disable_read(bell);
	state = DRAIN_ACCEPTING;
	kore_timer_add(drain_step, 0, NULL, KORE_TIMER_ONESHOT);
	kore_timer_add(drain_step, STEP_MS, NULL, 0);
}

void
drain_worker_init(unsigned number)
{
	id = number;
	stopping->deaf[id] = stopping->drained[id] = false;
	bell_event.handle = bell_rings;
	kore_platform_event_level_read(bell, &bell_event);
}

void
drain_worker_end(void)
{
	stopping->cut += wire_count_requests();
}
