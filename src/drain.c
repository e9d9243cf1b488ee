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
#include "request/offload.h"
#include "utils/start_error.h"
#include "wire/wire.h"

#define STEP_MS		50	/* between two looks of a worker */
#define STORE_MS	1000	/* for what no client waits for */
#define GRACE_MS	2000	/* after the deadline, to report */

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
	stopping->begun = kore_time_ms();
	if (write(bell, &one, sizeof(one)) == -1)
		return;		/* it rings already */
}

/* How long each part lasts: milliseconds from the beginning. */
struct parts {
	uint64_t	 delay;		/* it accepts at least so long, */
	uint64_t	 accepting;	/* and at most so long */
	uint64_t	 finishing;	/* then it cuts requests */
};

static struct parts
parts(void)
{
	uint64_t	 most = config.drain_seconds * 1000u;
	struct parts	 p = { .finishing = most };

	if (stopping->hurried)
		return (p);
	p.delay = config.drain_delay_seconds * 1000u;
	p.accepting = p.delay + most / 2;
	p.finishing = p.delay + most;
	return (p);
}

unsigned
drain_seconds(void)
{
	return ((unsigned)(parts().finishing + GRACE_MS) / 1000);
}

bool
drain_is_late(uint64_t now)
{
	return (now >= stopping->begun + drain_seconds() * 1000u);
}

/* The requests of a worker that has ended. One that is killed counts none. */
static void
count_cut(unsigned number)
{
	stopping->cut += atomic_exchange(&stopping->open[number], 0);
}

void
drain_log(void)
{
	struct jsonw	*j;
	unsigned	 i;

	for (i = 0; i < config.workers; i++)
		count_cut(i);
	if ((j = log_begin(stopping->cut == 0 ? LEVEL_INFO : LEVEL_WARNING,
	    NULL, "stop")) == NULL)
		return;
	jsonw_int(j, "finished", (int64_t)stopping->finished);
	jsonw_int(j, "cut", (int64_t)stopping->cut);
	log_end(j);
}

/*
 * Has every client heard of it, also those of the other workers? Until then all
 * workers accept: one alone might have no room.
 */
static bool
may_stop_accepting(uint64_t since)
{
	struct parts	 p = parts();

	stopping->heard[id] = !wire_has_older(stopping->begun);
	return (since >= p.accepting || (since >= p.delay &&
	    stopping_all(stopping->heard, config.workers)));
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

/*
 * A lock may keep the last uses of sessions from being stored; they are not
 * worth a late end.
 */
static bool
has_finished(uint64_t now)
{
	static uint64_t	 store_until;
	bool		 storing = auth_usage_flush(coro_now_ms());
	bool		 busy = wire_close_idle(now) + offload_count() +
			    coro_count() > storing;

	if (busy || store_until == 0)
		store_until = now + STORE_MS;
	if (!busy && (!storing || now >= store_until))
		return (true);
	return (now >= stopping->begun + parts().finishing);
}

static void
drain_step(void *arg, u_int64_t now)
{
	(void)arg;
	stopping->open[id] = wire_count_requests();
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
	stopping_worker_init(id);
	count_cut(id);
	stopping->heard[id] = stopping->deaf[id] = false;
	stopping->drained[id] = false;
	bell_event.handle = bell_rings;
	kore_platform_event_level_read(bell, &bell_event);
}

void
drain_worker_end(void)
{
	stopping->open[id] = wire_count_requests();
}
