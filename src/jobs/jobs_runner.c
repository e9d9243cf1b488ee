/* SPDX-License-Identifier: ISC */
/*
 * The runner: it claims jobs that are due while it has room, renews the leases
 * of its jobs, and stores a job for each round of each scheduled kind. Any
 * number of runners may run; the database decides which one gets a job.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "jobs/attempt.h"
#include "jobs/jobs_repository.h"
#include "jobs/runner.h"
#include "utils/text.h"
#include "utils/uuid.h"

#define POLL_MS		2000
#define RENEW_MS	5000
#define ASK_SECONDS	60	/* at most, until it checks for a round */

/* A short task of the runner, in its own coroutine. */
struct turn {
	struct ctx	 c;
	void		(*fn)(struct ctx *);
	bool		*busy;
};

struct jobs_settings	jobs_settings;

static struct {
	char		 id[UUID_TEXT];
	char		*kinds;		/* names, as a text[] literal */
	struct attempts	 attempts;
	unsigned	 n;
	bool		 claiming, renewing, scheduling;
	bool		 told;		/* a job may be due */
	bool		 more;		/* the last claim used all room */
	bool		 draining;
	uint64_t	 claimed_at;
	uint64_t	 renewed_at;
} runner = { .attempts = TAILQ_HEAD_INITIALIZER(runner.attempts) };

static void	turn_run(void *) AWAITS;
static void	claim_jobs(struct ctx *) AWAITS;
static void	renew_leases(struct ctx *) AWAITS;
static void	schedule_rounds(struct ctx *) AWAITS;

static void	claim_if_due(uint64_t);

static void
turn_run(void *arg)
{
	struct turn	*t = arg;

	t->fn(&t->c);
}

static void
turn_ended(void *arg)
{
	struct turn	*t = arg;

	ctx_end(&t->c);
	*t->busy = false;
	if (t->c.error.kind != NULL)	/* an outage is already logged */
		log_event(t->c.error.kind == &ERR_UNAVAILABLE ? LEVEL_DEBUG :
		    LEVEL_ERROR, NULL, "jobs", "%s", t->c.error.message);
	ctx_release(&t->c);
	mem_free(t);
	claim_if_due(coro_now_ms());
}

/* Does nothing if *busy. If memory runs out, the next tick retries. */
static void
begin_turn(void (*fn)(struct ctx *), bool *busy)
{
	struct turn	*t;

	if (*busy || (t = mem_calloc(1, sizeof(*t))) == NULL)
		return;
	t->fn = fn;
	t->busy = busy;
	t->c.path = t->c.query = "";
	if (!ctx_begin(&t->c, turn_run, turn_ended, t)) {
		mem_free(t);
		return;
	}
	*busy = true;
	coro_wake(t->c.coro);
}

static const struct job_kind *
find_kind(const char *name)
{
	struct job_kind	*const *k;

	EACH_REGISTERED(k, job_kinds) {
		if (strcmp((*k)->name, name) == 0)
			return (*k);
	}
	return (NULL);
}

/* An attempt whose lease has expired may still run here. */
static void
disown_earlier(const char *id)
{
	struct attempt	*a;

	TAILQ_FOREACH(a, &runner.attempts, list) {
		if (strcmp(a->job.id, id) == 0)
			attempt_disown(a);
	}
}

static void
free_place(struct attempt *a)
{
	TAILQ_REMOVE(&runner.attempts, a, list);
	runner.n--;
	claim_if_due(coro_now_ms());
}

static void
claim_jobs(struct ctx *c)
{
	unsigned	 room = jobs_settings.concurrency - runner.n;
	uint64_t	 asked = coro_now_ms();
	struct job	*jobs;
	struct attempt	*a;
	size_t		 n, i;

	runner.told = runner.more = false;
	runner.claimed_at = asked;
	jobs = jobs_repository_claim(c, runner.id, runner.kinds, room, &n);
	for (i = 0; i < n; i++) {
		disown_earlier(jobs[i].id);
		a = attempt_start(&jobs[i], find_kind(jobs[i].kind), asked,
		    runner.id, free_place);
		if (a == NULL)
			raise_error(c, &ERR_INTERNAL, "no memory for jobs "
			    "that were claimed: their leases will run out");
		TAILQ_INSERT_TAIL(&runner.attempts, a, list);
		runner.n++;
		if (runner.draining)
			attempt_cancel(a);
	}
	runner.more = n == room;
}

/*
 * Claims as soon as one place is free. More places become free during a claim,
 * so the next claim fills several.
 */
static void
claim_if_due(uint64_t now)
{
	if (runner.draining || runner.n >= jobs_settings.concurrency)
		return;
	if (runner.told || runner.more || now - runner.claimed_at >= POLL_MS)
		begin_turn(claim_jobs, &runner.claiming);
}

void
runner_told(void)
{
	runner.told = true;
	claim_if_due(coro_now_ms());
}

/* Adds an item to an array's text, which begins with "{". */
static void
add_item(struct text *array, const char *item)
{
	text_printf(array, "%s%s", array->len > 1 ? "," : "", item);
}

static const char *
ids_of_attempts(struct ctx *c)
{
	struct text	 ids = arena_text(&c->arena);
	struct attempt	*a;

	text_puts(&ids, "{");
	TAILQ_FOREACH(a, &runner.attempts, list)
		add_item(&ids, a->job.id);
	text_puts(&ids, "}");
	if (ids.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (ids.data);
}

static void
extend_lease(const char *id, uint64_t lease)
{
	struct attempt	*a;

	TAILQ_FOREACH(a, &runner.attempts, list) {
		if (strcmp(a->job.id, id) == 0)
			attempt_extend(a, lease);
	}
}

static void
renew_leases(struct ctx *c)
{
	uint64_t	 asked = coro_now_ms();
	struct job_id	*held;
	size_t		 n, i;

	runner.renewed_at = asked;
	held = jobs_repository_renew(c, runner.id, ids_of_attempts(c), &n);
	for (i = 0; i < n; i++)
		extend_lease(held[i].id, asked + LEASE_MS);
}

/*
 * Returns when to check for the next round, by coro_now_ms(). If this clock is
 * ahead of the database's, the round has not started there, so it checks often.
 */
static uint64_t
next_round(const struct job_kind *k)
{
	uint64_t	 left = k->every - (uint64_t)time(NULL) % k->every;

	return (coro_now_ms() + 1000 * (left < ASK_SECONDS ? left :
	    ASK_SECONDS));
}

static void
schedule_rounds(struct ctx *c)
{
	struct job_kind	*const *i;
	struct job_kind	*k;

	EACH_REGISTERED(i, job_kinds) {
		k = *i;
		if (k->every == 0 || k->ask_at > coro_now_ms())
			continue;
		k->ask_at = next_round(k);
		jobs_repository_schedule(c, k);
	}
}

static bool
round_is_due(uint64_t now)
{
	struct job_kind	*const *k;

	EACH_REGISTERED(k, job_kinds) {
		if ((*k)->every != 0 && (*k)->ask_at <= now)
			return (true);
	}
	return (false);
}

void
runner_tick(uint64_t now)
{
	struct attempt	*a, *next;

	for (a = TAILQ_FIRST(&runner.attempts); a != NULL; a = next) {
		next = TAILQ_NEXT(a, list);
		attempt_tick(a, now);
	}
	if (runner.n > 0 && now - runner.renewed_at >= RENEW_MS)
		begin_turn(renew_leases, &runner.renewing);
	if (!runner.draining && round_is_due(now))
		begin_turn(schedule_rounds, &runner.scheduling);
	claim_if_due(now);
}

unsigned
runner_drain(void)
{
	runner.draining = true;
	return (runner.n + runner.claiming);
}

void
runner_cancel(void)
{
	struct attempt	*a;

	TAILQ_FOREACH(a, &runner.attempts, list)
		attempt_cancel(a);
}

void
runner_init(void)
{
	struct job_kind	*const *k;
	size_t		 len = sizeof("{}");
	struct text	 kinds;

	EACH_REGISTERED(k, job_kinds)
		len += strlen((*k)->name) + 1;
	if (!uuid_v7(runner.id) || (runner.kinds = malloc(len)) == NULL) {
		log_event(LEVEL_ERROR, NULL, "jobs", "no randomness or "
		    "memory to begin with");
		exit(1);
	}
	kinds = text_in(runner.kinds, len);
	text_puts(&kinds, "{");
	EACH_REGISTERED(k, job_kinds)
		add_item(&kinds, (*k)->name);
	text_puts(&kinds, "}");
}
