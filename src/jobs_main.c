/* SPDX-License-Identifier: ISC */
/*
 * The process of ./keel jobs: Kore's event loop, without Kore's workers and
 * their sandbox, since mail needs name servers and libcurl. After SIGTERM,
 * running attempts have some seconds to finish.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/tasks.h>

#include <stdio.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "config.h"
#include "coro/loop.h"
#include "exit.h"
#include "jobs/runner.h"
#include "jobs_main.h"
#include "mail/mail.h"
#include "notify.h"
#include "product.h"
#include "request/offload.h"
#include "running.h"

#define CHANNEL		PRODUCT_STORED "_jobs"
#define COROUTINES_MAX	512
#define DRAIN_MS	8000	/* for attempts to finish */
#define CANCEL_MS	4000	/* then, to put them back */

static uint64_t	stopping;	/* when it began; 0: not stopping */
static bool	cancelled;

static void
jobs_tick(uint64_t now)
{
	log_tick();
	servers_tick(now);
	database_tick(now);
	database_listen_tick(now);
	offload_tick();
	runner_tick(now);
}

static void
jobs_round(void)
{
}

static void
jobs_ready(void)
{
	printf(PRODUCT ": jobs ready\n");
	notify("READY=1");
}

/* A second signal changes nothing. */
static void
take_signal(uint64_t now)
{
	int	 sig = sig_recv;

	sig_recv = 0;
	if ((sig == SIGTERM || sig == SIGINT || sig == SIGQUIT) &&
	    stopping == 0) {
		stopping = now;
		notify("STOPPING=1");
	}
}

/* May the process exit now? */
static bool
may_stop(uint64_t now)
{
	unsigned	 n = runner_drain();

	if (n == 0)
		return (true);
	if (!cancelled && now - stopping >= DRAIN_MS) {
		log_event(LEVEL_WARNING, NULL, "jobs", "handing back %u that "
		    "do not end", n);
		cancelled = true;
		runner_cancel();
	}
	return (now - stopping >= DRAIN_MS + CANCEL_MS);
}

void
jobs_main(struct servers *servers, struct servers *listen)
{
	uint64_t	 now;

	kore_platform_event_init();
	kore_timer_init();
	kore_task_init();
	exit_if(metrics_init());
	log_never_wait(&shared->log_lines_dropped);
	metrics_worker_init(0, false);
	loop_init(COROUTINES_MAX, jobs_tick, jobs_round);
	crash_init("jobs", running_tell);
	runner_init();
	exit_if(mail_init());
	if (listen == NULL)
		database_listen(CHANNEL, runner_told);
	else
		database_listen_apart(listen, CHANNEL, runner_told);
	database_worker_init(servers, config.database_pool, jobs_ready);
	for (;;) {
		now = kore_time_ms();
		if (sig_recv != 0)
			take_signal(now);
		if (stopping != 0 && may_stop(now))
			break;
		kore_platform_event_wait(kore_timer_next_run(now));
		kore_timer_run(kore_time_ms());
	}
	exit_clean();
}
