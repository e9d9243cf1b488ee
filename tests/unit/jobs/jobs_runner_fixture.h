/* SPDX-License-Identifier: ISC */
/*
 * What surrounds a runner in its test: clocks that stand still, turns that run
 * when the test says so, a jobs table, attempts that only note what they are
 * told.
 */

#ifndef TESTS_JOBS_RUNNER_FIXTURE_H
#define TESTS_JOBS_RUNNER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_repository.h"
#include "jobs/jobs_alive.h"
#include "jobs/rounds.h"
#include "jobs/runner.h"
#include "jobs/watch.h"

#define PLACES	4	/* attempts at once */
#define MOST	16
#define TURNS	4

static uint64_t	now = 1000000;		/* by coro_now_ms() */
static bool	no_memory, no_arena, no_coroutine;

/* The jobs table. */
static struct {
	const char		*kind;		/* of the jobs; NULL: "mail" */
	unsigned		 claims, renewals;
	unsigned		 next;		/* the number of the next job */
	unsigned		 due;
	unsigned		 limit;
	unsigned		 unstartable;	/* the n-th job is */
	unsigned		 held;		/* leases that are renewed */
	unsigned		 late;		/* claimed during a renewal */
	bool			 rounds, watch;	/* are due */
	bool			 put_back;
	unsigned		 schedules, watches;
	uint64_t		 takes;
	bool			 told_meanwhile;
	const struct error_kind	*fails;
	char			 kinds[64], runner[40], ids[256];
} db;

static struct {
	unsigned	 n;
	enum log_level	 level;
	char		 message[256];
} logged;

/* The attempts, by their number, and what each was told. */
static struct attempt	attempts[MOST];

static struct {
	bool		 cancelled, disowned, lost, ends_at_tick, ended;
	uint64_t	 lease, ticked;
} marks[MOST];

static unsigned		nattempts;
static void		(*on_end)(struct attempt *);

/* Turns that have begun. */
static struct {
	struct ctx	*c;
	void		(*fn)(void *);
	void		(*ended)(void *);
	void		*arg;
	bool		 awake;
} turns[TURNS];

static unsigned	ctxs;	/* that have begun and not ended */

static jmp_buf	raised;

/* Kinds. */

static void
work(struct ctx *c)
{
	(void)c;
}

struct job_kind	mail_job = { .name = "mail", .handler = work };
struct job_kind	hourly_job = { .name = "hourly", .every = 3600 };
struct job_kind	daily_job = { .name = "daily", .every = 86400 };

REGISTER(job_kinds, mail_job);
REGISTER(job_kinds, hourly_job);
REGISTER(job_kinds, daily_job);

/* Clocks and memory. */

uint64_t
coro_now_ms(void)
{
	return (now);
}

void *
mem_alloc(size_t len)
{
	return (no_arena ? NULL : malloc(len));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (no_memory ? NULL : calloc(n, len));
}

void
mem_free(void *p)
{
	free(p);
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;

	assert_null(request_id);
	assert_string_equal(event, "jobs");
	va_start(ap, fmt);
	vsnprintf(logged.message, sizeof(logged.message), fmt, ap);
	va_end(ap);
	logged.level = level;
	logged.n++;
}

/* Turns: ctx_begin() keeps one, and run() runs it. */

bool
ctx_begin(struct ctx *c, void (*fn)(void *), void (*ended)(void *), void *arg)
{
	unsigned	 i;

	if (no_coroutine)
		return (false);
	assert_string_equal(c->path, "");
	assert_string_equal(c->query, "");
	for (i = 0; turns[i].c != NULL; i++)
		assert_true(i + 1 < TURNS);
	turns[i].c = c;
	turns[i].fn = fn;
	turns[i].ended = ended;
	turns[i].arg = arg;
	turns[i].awake = false;
	c->coro = (struct coro *)(void *)&turns[i];
	ctxs++;
	return (true);
}

void
coro_wake(struct coro *coro)
{
	unsigned	 i;

	for (i = 0; (void *)coro != &turns[i]; i++)
		assert_true(i + 1 < TURNS);
	turns[i].awake = true;
}

void
ctx_end(struct ctx *c)
{
	assert_non_null(c->coro);
	c->coro = NULL;
	ctxs--;
}

void
ctx_release(struct ctx *c)
{
	arena_free(&c->arena, false);
}

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	c->error.kind = kind;
	va_start(ap, fmt);
	vsnprintf(c->error.message, sizeof(c->error.message), fmt, ap);
	va_end(ap);
	longjmp(raised, 1);
}

static void
run_turn(unsigned i)
{
	void	(*ended)(void *) = turns[i].ended;
	void	*arg = turns[i].arg;

	if (setjmp(raised) == 0)
		turns[i].fn(arg);
	turns[i].c = NULL;
	ended(arg);
}

/* Runs the turns that have begun, and those that begin meanwhile. */
static void
run(void)
{
	unsigned	 i = 0;

	while (i < TURNS) {
		if (turns[i].c == NULL || !turns[i].awake) {
			i++;
			continue;
		}
		run_turn(i);
		i = 0;
	}
}

/* The turn that began last, while another waits for the database. */
static void
run_last(void)
{
	jmp_buf		 outer;
	unsigned	 i = TURNS;

	memcpy(outer, raised, sizeof(outer));
	while (i-- > 0 && (turns[i].c == NULL || !turns[i].awake))
		;
	run_turn(i);
	memcpy(raised, outer, sizeof(outer));
}

/* This many milliseconds later there is a tick. */
static void
later(uint64_t ms)
{
	now += ms;
	runner_tick(now);
	run();
}

/* The jobs table: so many jobs are due from now on. */

static void
give(unsigned n)
{
	db.due = n;
}

static void
answer_late(struct ctx *c)
{
	now += db.takes;
	if (db.told_meanwhile) {
		db.told_meanwhile = false;
		runner_told();
	}
	if (db.fails != NULL)
		raise_error(c, db.fails, "it is full");
}

static char *
job_id(unsigned n)
{
	static char	 ids[MOST][16];

	assert_true(n < MOST);
	snprintf(ids[n], sizeof(ids[n]), "job-%u", n);
	return (ids[n]);
}

struct job *
jobs_repository_claim(struct ctx *c, const char *runner, const char *kinds,
    unsigned limit, size_t *n)
{
	static struct job	 jobs[PLACES];
	unsigned		 i;

	db.claims++;
	db.limit = limit;
	snprintf(db.kinds, sizeof(db.kinds), "%s", kinds);
	snprintf(db.runner, sizeof(db.runner), "%s", runner);
	answer_late(c);
	assert_true(limit >= 1 && limit <= PLACES);
	/* As the real one, it gives no other kinds. */
	for (i = 0; i < limit && db.due > 0 && strstr(kinds, db.kind != NULL ?
	    db.kind : "mail") != NULL; i++, db.due--) {
		jobs[i].id = job_id(db.next++);
		jobs[i].kind = db.kind != NULL ? db.kind : "mail";
	}
	*n = i;
	return (jobs);
}

struct job_id *
jobs_repository_renew(struct ctx *c, const char *runner, const char *ids,
    size_t *n)
{
	static struct job_id	 held[PLACES];
	unsigned		 i;

	db.renewals++;
	assert_string_equal(runner, db.runner);
	snprintf(db.ids, sizeof(db.ids), "%s", ids);
	answer_late(c);
	if (db.late > 0) {
		give(db.late);
		db.late = 0;
		runner_told();
		run_last();
	}
	for (i = 0; i < db.held; i++)
		held[i].id = job_id(i);
	*n = i;
	return (held);
}

/* What is asked for beside jobs. */

bool
rounds_are_due(uint64_t when)
{
	assert_int_equal(when, now);
	return (db.rounds);
}

void
rounds_schedule(struct ctx *c)
{
	db.schedules++;
	answer_late(c);
}

bool
watch_is_due(uint64_t when)
{
	assert_int_equal(when, now);
	return (db.watch);
}

bool
watch_jobs(struct ctx *c)
{
	db.watches++;
	answer_late(c);
	return (db.put_back);
}

/* Attempts. */

struct attempt *
attempt_start(const struct job *job, const struct job_kind *kind,
    uint64_t asked, const char *runner, void (*end_fn)(struct attempt *))
{
	struct attempt	*a = &attempts[nattempts];

	assert_true(nattempts < MOST);
	if (db.unstartable != 0 && nattempts == db.unstartable)
		return (NULL);
	memset(a, 0, sizeof(*a));
	memset(&marks[nattempts++], 0, sizeof(marks[0]));
	a->job = *job;
	a->kind = kind;
	a->began = asked;
	a->runner = runner;
	on_end = end_fn;
	return (a);
}

static void
end(unsigned n)
{
	assert_false(marks[n].ended);
	marks[n].ended = true;
	on_end(&attempts[n]);
}

static unsigned
running(void)
{
	unsigned	 i, n = 0;

	for (i = 0; i < nattempts; i++)
		n += !marks[i].ended;
	return (n);
}

void
attempt_extend(struct attempt *a, uint64_t lease)
{
	marks[a - attempts].lease = lease;
}

void
attempt_cancel(struct attempt *a)
{
	marks[a - attempts].cancelled = true;
}

void
attempt_disown(struct attempt *a)
{
	marks[a - attempts].disowned = true;
}

void
attempt_lose(struct attempt *a)
{
	marks[a - attempts].lost = true;
}

void
attempt_tick(struct attempt *a, uint64_t when)
{
	marks[a - attempts].ticked = when;
	if (marks[a - attempts].ends_at_tick)
		end((unsigned)(a - attempts));
}

/* The runner lives as long as its process: so the tests share one. */
static int
start(void **state)
{
	(void)state;
	jobs_settings.concurrency = PLACES;
	runner_init();
	return (0);
}

/* It has just claimed, and nothing else is due. */
static int
setup(void **state)
{
	(void)state;
	runner_told();
	run();
	memset(&db, 0, sizeof(db));
	memset(&logged, 0, sizeof(logged));
	nattempts = 0;
	return (0);
}

static int
teardown(void **state)
{
	unsigned	 i;

	(void)state;
	db.due = 0;
	for (i = 0; i < nattempts; i++) {
		if (!marks[i].ended)
			end(i);
	}
	run();
	return (arena_count() == 0 && ctxs == 0 ? 0 : -1);
}

/* Its signs of life are tested with a real runner: test_runner_port.py. */
void
jobs_alive_init(const char *name)
{
	assert_int_equal(strlen(name), 36);
}

void
jobs_alive_tick(uint64_t time)
{
	assert_int_equal(time, now);
}

#endif
