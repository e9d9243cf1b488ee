/* SPDX-License-Identifier: ISC */
/*
 * The runner: it claims jobs that are due while it has room, renews the leases
 * of its jobs, watches those of other runners, and stores a job for each round
 * of each scheduled kind. Any number of runners may run; the database decides
 * which one gets a job.
 *
 * Kinds that send mail have places of their own, a lane; and what has waited
 * for a server for a while gives up its place for one of the waiting places. So
 * a mail server that hangs holds up neither other jobs nor other mails.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "jobs/attempt.h"
#include "jobs/jobs_alive.h"
#include "jobs/jobs_repository.h"
#include "jobs/jobs_turn.h"
#include "jobs/rounds.h"
#include "jobs/runner.h"
#include "jobs/watch.h"
#include "utils/text.h"
#include "utils/uuid.h"

#define POLL_MS		2000
#define RENEW_MS	5000
#define WAIT_MS		3000	/* that a place is kept for one that waits */

/* Places for some of the kinds, and the claim that fills them. */
struct lane {
	void		(*claim)(struct ctx *);
	bool		 mails;		/* for these kinds, or for the others */
	const unsigned	*places;
	unsigned	 taken;
	char		*kinds;		/* names, as a text[] literal */
	bool		 has_kinds;
	bool		 claiming;
	bool		 told;		/* a job may be due */
	bool		 more;		/* the last claim used all room */
	uint64_t	 claimed_at;
};

static void	claim(struct ctx *, struct lane *) AWAITS;
static void	claim_jobs(struct ctx *) AWAITS;
static void	claim_mails(struct ctx *) AWAITS;
static void	renew_leases(struct ctx *) AWAITS;
static void	look_after(struct ctx *) AWAITS;

static void	claim_if_due(uint64_t);

struct jobs_settings	jobs_settings;

static struct {
	char		 id[UUID_TEXT];
	struct attempts	 attempts;
	unsigned	 n;		/* of them */
	unsigned	 waiting;	/* of them, without a place in a lane */
	bool		 renewing, scheduling, watching;
	bool		 draining;
	uint64_t	 renewed_at;
} runner = { .attempts = TAILQ_HEAD_INITIALIZER(runner.attempts) };

static struct lane	lanes[] = {
	{ .claim = claim_jobs, .places = &jobs_settings.concurrency },
	{ .claim = claim_mails, .mails = true,
	    .places = &jobs_settings.mails },
};

#define EACH_LANE(l)							\
	for (l = lanes; l < lanes + sizeof(lanes) / sizeof(lanes[0]); l++)


static void
turn_ended(void)
{
	claim_if_due(coro_now_ms());
}

static struct job_kind *
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
	if (a->lane != NULL)
		a->lane->taken--;
	else
		runner.waiting--;
	claim_if_due(coro_now_ms());
}

static void
take_place(struct attempt *a, struct lane *lane)
{
	TAILQ_INSERT_TAIL(&runner.attempts, a, list);
	runner.n++;
	a->lane = lane;
	lane->taken++;
	if (runner.draining)
		attempt_cancel(a);
}

/*
 * An attempt that has waited for a server for a while gives up its place. If
 * all waiting places are taken, it keeps it.
 */
static void
move_if_waiting(struct attempt *a, uint64_t now)
{
	if (a->lane == NULL || a->waits_since == 0 ||
	    now - a->waits_since < WAIT_MS ||
	    runner.waiting >= jobs_settings.waiting)
		return;
	a->lane->taken--;
	a->lane = NULL;
	runner.waiting++;
}

/* A kind that waits for servers in the place of others says so, once. */
static void
tell_if_undeclared(const struct attempt *a)
{
	struct job_kind	*k = find_kind(a->kind->name);

	if (a->waits_since == 0 || k->mails || k->is_told)
		return;
	k->is_told = true;
	log_event(LEVEL_WARNING, NULL, "jobs", "%s sends mail and does not "
	    "say so: write .mails = true in its JOB, so that other jobs do "
	    "not wait for the mail server", k->name);
}

static void
claim(struct ctx *c, struct lane *lane)
{
	unsigned	 room = *lane->places - lane->taken;
	uint64_t	 asked = coro_now_ms();
	struct job	*jobs;
	struct attempt	*a;
	size_t		 n, i;

	lane->told = lane->more = false;
	lane->claimed_at = asked;
	jobs = jobs_repository_claim(c, runner.id, lane->kinds, room, &n);
	for (i = 0; i < n; i++) {
		disown_earlier(jobs[i].id);
		a = attempt_start(&jobs[i], find_kind(jobs[i].kind), asked,
		    runner.id, free_place);
		if (a == NULL)
			raise_error(c, &ERR_INTERNAL, "no memory for jobs "
			    "that were claimed: their leases will run out");
		take_place(a, lane);
	}
	lane->more = n == room;
}

static void
claim_jobs(struct ctx *c)
{
	claim(c, &lanes[0]);
}

static void
claim_mails(struct ctx *c)
{
	claim(c, &lanes[1]);
}

/*
 * Claims as soon as one place is free. More places become free during a claim,
 * so the next claim fills several.
 */
static void
claim_if_due(uint64_t now)
{
	struct lane	*l;

	EACH_LANE(l) {
		if (runner.draining || !l->has_kinds || l->taken >= *l->places)
			continue;
		if (l->told || l->more || now - l->claimed_at >= POLL_MS)
			turn_begin(l->claim, &l->claiming, turn_ended);
	}
}

void
runner_told(void)
{
	struct lane	*l;

	EACH_LANE(l)
		l->told = true;
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
	TAILQ_FOREACH(a, &runner.attempts, list) {
		add_item(&ids, a->job.id);
		a->renewing = runner.renewed_at;
	}
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

/*
 * An attempt that this renewal asked for, and did not get, is not this runner's
 * any more: the host may have slept.
 */
static void
lose_leases(const struct job_id *held, size_t n, uint64_t asked)
{
	struct attempt	*a;
	size_t		 i;

	TAILQ_FOREACH(a, &runner.attempts, list) {
		for (i = 0; i < n && strcmp(held[i].id, a->job.id) != 0; i++)
			;
		if (i == n && a->renewing == asked)
			attempt_lose(a);
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
	lose_leases(held, n, asked);
	for (i = 0; i < n; i++)
		extend_lease(held[i].id, asked + LEASE_MS);
}

static void
look_after(struct ctx *c)
{
	struct lane	*l;

	if (!watch_jobs(c))
		return;
	EACH_LANE(l)
		l->told = true;
}

void
runner_tick(uint64_t now)
{
	struct attempt	*a, *next;

	for (a = TAILQ_FIRST(&runner.attempts); a != NULL; a = next) {
		next = TAILQ_NEXT(a, list);
		tell_if_undeclared(a);
		move_if_waiting(a, now);
		attempt_tick(a, now);
	}
	if (runner.n > 0 && now - runner.renewed_at >= RENEW_MS)
		turn_begin(renew_leases, &runner.renewing, turn_ended);
	if (!runner.draining && rounds_are_due(now))
		turn_begin(rounds_schedule, &runner.scheduling, turn_ended);
	if (!runner.draining && watch_is_due(now))
		turn_begin(look_after, &runner.watching, turn_ended);
	jobs_alive_tick(now);
	claim_if_due(now);
}

bool
runner_is_draining(void)
{
	return (runner.draining);
}

unsigned
runner_drain(void)
{
	unsigned	 claims = 0;
	struct lane	*l;

	runner.draining = true;
	EACH_LANE(l)
		claims += l->claiming;
	return (runner.n + claims);
}

void
runner_cancel(void)
{
	struct attempt	*a;

	TAILQ_FOREACH(a, &runner.attempts, list)
		attempt_cancel(a);
}

/* The names of a lane's kinds. False without memory. */
static bool
name_kinds(struct lane *l)
{
	struct job_kind	*const *k;
	size_t		 len = sizeof("{}");
	struct text	 kinds;

	EACH_REGISTERED(k, job_kinds)
		len += strlen((*k)->name) + 1;
	if ((l->kinds = malloc(len)) == NULL)
		return (false);
	kinds = text_in(l->kinds, len);
	text_puts(&kinds, "{");
	EACH_REGISTERED(k, job_kinds) {
		if ((*k)->mails == l->mails)
			add_item(&kinds, (*k)->name);
	}
	l->has_kinds = kinds.len > 1;
	text_puts(&kinds, "}");
	return (true);
}

void
runner_init(void)
{
	struct lane	*l;
	bool		 fine = uuid_v7(runner.id);

	EACH_LANE(l)
		fine = fine && name_kinds(l);
	if (!fine) {
		log_event(LEVEL_ERROR, NULL, "jobs", "no randomness or "
		    "memory to begin with");
		exit(1);
	}
	jobs_alive_init(runner.id);
}
