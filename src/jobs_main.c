/* SPDX-License-Identifier: ISC */
/*
 * The process of ./keel jobs: Kore's event loop, without Kore's workers and
 * their sandbox, since mail needs name servers and libcurl. After SIGTERM,
 * running attempts have some seconds to finish.
 */

#include <sys/types.h>
#include <sys/resource.h>

#include <kore/kore.h>
#include <kore/tasks.h>

#include <stdio.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/start_memory.h"
#include "config.h"
#include "coro/loop.h"
#include "exit.h"
#include "jobs/runner.h"
#include "jobs_listener.h"
#include "jobs_main.h"
#include "mail/mail.h"
#include "notify.h"
#include "product.h"
#include "request/offload.h"
#include "running.h"
#include "utils/random_pool.h"
#include "wire/wire.h"

#define CHANNEL		PRODUCT_STORED "_jobs"
#define COROUTINES_MAX	2048	/* more than all places of jobs */
#define DRAIN_MS	8000	/* for attempts to finish */
#define CANCEL_MS	4000	/* then, to put them back */

#define FILES		4096	/* three for each mail that is being sent */

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
	if (config.jobs_admin_port != NULL)
		wire_tick(now);
	runner_tick(coro_now_ms());
}

static void
jobs_round(void)
{
	if (config.jobs_admin_port != NULL)
		wire_run();
}

static void
jobs_ready(void)
{
	printf(PRODUCT ": jobs ready\n");
	notify("READY=1");
	start_memory_free();
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

/* The usual limit, 1024, is too low for all places. */
static void
allow_files(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < FILES) {
		rl.rlim_cur = rl.rlim_max < FILES ? rl.rlim_max : FILES;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

void
jobs_main(struct servers *servers, struct servers *listen)
{
	uint64_t	 now;

	allow_files();
	exit_if(jobs_listener_init());
	kore_platform_event_init();
	kore_timer_init();
	kore_task_init();
	exit_if(metrics_init());
	log_never_wait(&shared->log_lines_dropped);
	random_pool_init();
	metrics_worker_init(0, false);
	loop_init(COROUTINES_MAX, jobs_tick, jobs_round);
	crash_init("jobs", running_tell);
	runner_init();
	exit_if(mail_init());
	jobs_listener_begin();
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
		jobs_listener_run();
	}
	exit_clean();
}
