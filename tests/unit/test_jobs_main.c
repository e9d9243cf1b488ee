/* SPDX-License-Identifier: ISC */
/* The process of ./keel jobs: its start, its signals, and how it ends. */

/* sources: src/notify.c */
/* sources: src/jobs_main.c src/base/start_memory.c */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <kore/kore.h>
#include <kore/tasks.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "config.h"
#include "coro/loop.h"
#include "database/database.h"
#include "exit.h"
#include "jobs/runner.h"
#include "jobs_listener.h"
#include "jobs_main.h"
#include "mail/mail.h"
#include "request/offload.h"
#include "running.h"
#include "utils/text.h"
#include "wire/wire.h"

#define STEP	100	/* ms of a round of the loop */
#define NEVER	100000

/* What happens to the process, in ms from its start. */
static struct story {
	const char	*what;
	struct {
		unsigned	 at;
		int		 number;
	} signals[3];
	unsigned	 busy_until;	/* attempts run */

	/* What it does then; 0: it does not. */
	unsigned	 drains, cancels, ends;
} stories[] = {
	{ "idle", { { 500, SIGTERM } }, 0, 500, 0, 500 },
	{ "from a terminal", { { 500, SIGINT } }, 0, 500, 0, 500 },
	{ "told to quit", { { 500, SIGQUIT } }, 0, 500, 0, 500 },
	{ "not told to end", { { 500, SIGHUP }, { 600, SIGUSR1 },
	    { 700, SIGTERM } }, 0, 700, 0, 700 },
	{ "busy for a while", { { 1000, SIGTERM } }, 4000, 1000, 0, 4000 },
	{ "busy, and in time", { { 1000, SIGTERM } }, 8900, 1000, 0, 8900 },
	{ "busy for too long", { { 1000, SIGTERM } }, 9100, 1000, 9000,
	    9100 },
	{ "busy for good", { { 1000, SIGTERM } }, NEVER, 1000, 9000, 13000 },
	{ "told twice", { { 1000, SIGTERM }, { 5000, SIGTERM },
	    { 9500, SIGINT } }, NEVER, 1000, 9000, 13000 },
};

/* Shared with the child process, in which jobs_main() runs. */
static struct {
	unsigned	 drains, cancels, ends;	/* when, first */
	unsigned	 times_cancelled, warnings;
	char		 calls[1024];
} *seen;

static char		 any[2];
#define the_database	((struct servers *)(void *)&any[0])
#define the_listener	((struct servers *)(void *)&any[1])

static const struct story	*story;
static struct servers		*listens;	/* apart, there */
static unsigned			 elapsed;
static void			(*tick)(uint64_t);

static struct shared	 counters;
struct shared		*shared = &counters;
volatile sig_atomic_t	 sig_recv;
struct config		 config;

static void
note(const char *call)
{
	strcat(seen->calls, call);
	strcat(seen->calls, " ");
}

/* Kore. */

void
kore_platform_event_init(void)
{
	note("events");
}

void
kore_timer_init(void)
{
	note("timers");
}

void
kore_task_init(void)
{
	note("tasks");
}

u_int64_t
kore_time_ms(void)
{
	return (5000000 + elapsed);
}

u_int64_t
kore_timer_next_run(u_int64_t now)
{
	assert_int_equal(now, kore_time_ms());
	return (STEP);
}

void
kore_platform_event_wait(u_int64_t ms)
{
	unsigned	 i;

	elapsed += (unsigned)ms;
	for (i = 0; i < 3; i++) {
		if (story->signals[i].number != 0 &&
		    story->signals[i].at == elapsed)
			sig_recv = story->signals[i].number;
	}
	if (elapsed > 20000)
		_exit(3);
}

void
kore_timer_run(u_int64_t now)
{
	assert_int_equal(now, kore_time_ms());
	if (elapsed == STEP)
		tick(now);
}

/* Other rooms. */

void
loop_init(unsigned most, void (*on_tick)(uint64_t), void (*on_round)(void))
{
	assert_int_equal(most, 2048);
	tick = on_tick;
	on_round();
	note("loop");
}

void
running_tell(struct crash_facts *facts, const void *address)
{
	(void)facts;
	(void)address;
}

void
crash_init(const char *process, void (*tell)(struct crash_facts *,
    const void *))
{
	assert_string_equal(process, "jobs");
	assert_ptr_equal(tell, running_tell);
	note("crash");
}

const char *
metrics_init(void)
{
	note("metrics");
	return (NULL);
}

void
log_never_wait(_Atomic uint64_t *dropped)
{
	assert_ptr_equal(dropped, &counters.log_lines_dropped);
	note("log");
}

void
log_tick(void)
{
	note("log_tick");
}

void
metrics_worker_init(unsigned id, int restarted)
{
	assert_int_equal(id, 0);
	assert_int_equal(restarted, 0);
	note("worker");
}

void
runner_init(void)
{
	note("runner");
}

void
runner_told(void)
{
	note("told");
}

const char *
mail_init(void)
{
	note("mail");
	return (NULL);
}

void
database_listen(const char *channel, void (*told)(void))
{
	note(channel);
	told();
}

void
database_listen_apart(struct servers *servers, const char *channel,
    void (*told)(void))
{
	assert_ptr_equal(servers, the_listener);
	note("apart");
	note(channel);
	told();
}

void
database_worker_init(struct servers *servers, unsigned pool,
    void (*ready)(void))
{
	assert_ptr_equal(servers, the_database);
	assert_int_equal(pool, 7);
	note("database");
	ready();
	fflush(stdout);
}

void
servers_tick(uint64_t now)
{
	assert_int_equal(now, kore_time_ms());
	note("servers_tick");
}

void
database_tick(uint64_t now)
{
	assert_int_equal(now, kore_time_ms());
	note("database_tick");
}

void
database_listen_tick(uint64_t now)
{
	assert_int_equal(now, kore_time_ms());
	note("listen_tick");
}

/* The listener is tested with a real runner: test_runner_port.py. */
const char *
jobs_listener_init(void)
{
	return (NULL);
}

void
jobs_listener_begin(void)
{
}

void
jobs_listener_run(void)
{
}

void
wire_tick(uint64_t now)
{
	(void)now;
	fail();
}

void
wire_run(void)
{
	fail();
}

void
offload_tick(void)
{
	note("offload_tick");
}

/* Another clock than Kore's: the host has slept. */
uint64_t
coro_now_ms(void)
{
	return (kore_time_ms() + 3600000);
}

void
runner_tick(uint64_t now)
{
	assert_int_equal(now, coro_now_ms());
	note("runner_tick");
}

unsigned
runner_drain(void)
{
	if (seen->drains == 0)
		seen->drains = elapsed;
	return (elapsed < story->busy_until ? 3 : 0);
}

void
runner_cancel(void)
{
	if (seen->times_cancelled++ == 0)
		seen->cancels = elapsed;
}

void
log_event(enum log_level level, const char *id, const char *event,
    const char *fmt, ...)
{
	char	 text[128];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (level == LEVEL_WARNING && id == NULL &&
	    strcmp(event, "jobs") == 0 &&
	    strcmp(text, "handing back 3 that do not end") == 0)
		seen->warnings++;
}

void
exit_if(const char *problem)
{
	if (problem != NULL)
		_exit(4);
}

void
exit_clean(void)
{
	seen->ends = elapsed;
	_exit(0);
}

/* The tests. */

/* Returns what it printed. */
static const char *
run(const struct story *s)
{
	static char	 printed[128];
	int		 status, out[2];
	ssize_t		 n;
	pid_t		 pid;

	memset(seen, 0, sizeof(*seen));
	story = s;
	assert_int_equal(pipe(out), 0);
	if ((pid = fork()) == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		config.database_pool = 7;
		jobs_main(the_database, listens);
	}
	close(out[1]);
	n = read(out[0], printed, sizeof(printed) - 1);
	printed[n < 0 ? 0 : n] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s: status %d", s->what, status);
	return (printed);
}

static void
test_the_start(void **state)
{
	(void)state;
	assert_string_equal(run(&stories[0]), "keel: jobs ready\n");
	assert_string_equal(seen->calls, "events timers tasks metrics log "
	    "worker loop crash runner mail keel_jobs told database "
	    "log_tick servers_tick database_tick listen_tick "
	    "offload_tick runner_tick ");
	listens = the_listener;
	run(&stories[0]);
	listens = NULL;
	assert_non_null(strstr(seen->calls, " mail apart keel_jobs told "
	    "database "));
}

static void
test_signals(void **state)
{
	const struct story	*s;
	unsigned		 i;

	(void)state;
	for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		s = &stories[i];
		run(s);
		if (seen->drains != s->drains || seen->cancels != s->cancels ||
		    seen->ends != s->ends)
			fail_msg("%s: drains at %u, cancels at %u, ends at %u",
			    s->what, seen->drains, seen->cancels, seen->ends);
		assert_int_equal(seen->times_cancelled, s->cancels != 0);
		assert_int_equal(seen->warnings, s->cancels != 0);
	}
}

static int
share(void **state)
{
	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return (seen == MAP_FAILED ? -1 : 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_the_start),
		cmocka_unit_test(test_signals),
	};

	return (cmocka_run_group_tests_name("jobs_main", tests, share, NULL));
}
