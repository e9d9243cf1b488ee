/* SPDX-License-Identifier: ISC */
/*
 * One attempt at a job: a coroutine runs the handler. When the handler has
 * returned or raised an error, a second coroutine stores the outcome, and
 * retries until it succeeds: without the outcome, the job would run again.
 */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_metrics.h"
#include "jobs/jobs_repository.h"
#include "utils/utf8.h"

#define SETTLE_AGAIN_MS	1000

_Static_assert(offsetof(struct attempt, c) == 0, "see job_waits()");

static void	attempt_run(void *) AWAITS;
static void	handler_ended(void *);
static void	settle_run(void *) AWAITS;
static void	settle_ended(void *);

static const char *
copy_text(struct attempt *a, const char *s)
{
	char	*p = arena_alloc(&a->c.arena, strlen(s) + 1);

	return (p == NULL ? NULL : strcpy(p, s));
}

static void
attempt_free(struct attempt *a)
{
	ctx_release(&a->c);
	mem_free(a);
}

/* Copies the job, since the claim's coroutine frees it when it ends. */
static bool
copy_job(struct attempt *a, const struct job *job)
{
	const char	*request = job->request_id;

	a->job = *job;
	a->job.id = copy_text(a, job->id);
	a->job.payload = copy_text(a, job->payload);
	a->job.kind = a->kind->name;
	a->job.request_id = request == NULL ? NULL : a->c.request_id;
	snprintf(a->c.request_id, sizeof(a->c.request_id), "%s",
	    request != NULL ? request : job->id);
	return (a->job.id != NULL && a->job.payload != NULL);
}

static void
set_deadline(struct attempt *a)
{
	a->c.deadline = a->timeout < a->lease ? a->timeout : a->lease;
}

struct attempt *
attempt_start(const struct job *job, const struct job_kind *kind,
    uint64_t asked, const char *runner, void (*on_end)(struct attempt *))
{
	struct attempt	*a = mem_calloc(1, sizeof(*a));

	if (a == NULL)
		return (NULL);
	a->kind = kind;
	a->runner = runner;
	a->on_end = on_end;
	if (!copy_job(a, job) ||
	    !ctx_begin(&a->c, attempt_run, handler_ended, a)) {
		attempt_free(a);
		return (NULL);
	}
	a->c.job = &a->job;
	a->c.endpoint = &kind->endpoint;
	a->c.path = a->c.query = "";
	a->c.content_type = "application/json";
	a->c.body = a->job.payload;
	a->c.body_len = strlen(a->job.payload);
	a->began = asked;
	a->timeout = asked + kind->timeout * UINT64_C(1000);
	a->lease = asked + LEASE_MS;
	set_deadline(a);
	coro_wake(a->c.coro);
	return (a);
}

void
attempt_extend(struct attempt *a, uint64_t lease)
{
	a->lease = lease;
	if (!a->over && !a->cancelled)
		set_deadline(a);
}

void
job_waits(struct ctx *c, uint64_t until)
{
	struct attempt	*a = (struct attempt *)(void *)c;
	uint64_t	 now = coro_now_ms();

	if (until != 0) {
		if (a->waits_since == 0) {
			a->waits_since = now;
			a->left = a->timeout > now ? a->timeout - now : 0;
		}
		a->timeout = until;
	} else if (a->waits_since != 0) {
		a->waits_since = 0;
		a->timeout = now + a->left;
	}
	if (!a->cancelled)
		set_deadline(a);
}

void
attempt_cancel(struct attempt *a)
{
	if (a->over)
		return;
	a->cancelled = true;
	a->c.deadline = 1;
	coro_wake(a->c.coro);
}

void
attempt_disown(struct attempt *a)
{
	a->disowned = true;
	attempt_cancel(a);
}

/* With a status its outcome is on its way, and may be stored already. */
void
attempt_lose(struct attempt *a)
{
	if (a->status == NULL)
		attempt_disown(a);
}

/* The coroutine. The handler's transaction marks an atomic job as done. */
static void
attempt_run(void *arg)
{
	struct attempt	*a = arg;
	struct ctx	*c = &a->c;

	if (a->job.attempts > (int64_t)a->kind->attempts)
		raise_error(c, &ERR_PERMANENT, "It was begun %u times, and "
		    "no end of the last was told", a->kind->attempts);
	if (a->kind->atomic)
		db_begin(c);
	a->kind->handler(c);
	if (a->kind->atomic) {
		a->status = "done";
		if (!jobs_repository_settle(c, a))
			raise_error(c, &ERR_UNAVAILABLE, "The job is another "
			    "runner's by now");
		db_commit(c);
		a->settled = true;
	} else if (c->transaction != NULL) {
		raise_error(c, &ERR_INTERNAL, "%s ended without committing",
		    a->kind->name);
	}
}

double
attempt_backoff(const struct job_kind *k, int64_t n, double chance)
{
	double	 seconds = k->backoff;

	while (n-- > 1 && seconds < k->backoff_max)
		seconds *= 2;
	if (seconds > k->backoff_max)
		seconds = k->backoff_max;
	return (seconds / 2 + seconds / 2 * chance);
}

/* The database rejects invalid UTF-8, such as half a character at the end. */
static void
mend_text(char *s)
{
	size_t	 n;

	for (; *s != '\0'; s += n) {
		if ((n = utf8_sequence(s, strlen(s))) == 0) {
			*s = '?';
			n = 1;
		}
	}
}

/* The payload is of another version's shape: no attempt will read it. */
static bool
is_misfit(const struct error_kind *kind)
{
	return (kind == &ERR_VALIDATION || kind == &ERR_INVALID_JSON);
}

static void
write_why(struct attempt *a)
{
	const struct error_detail	*d = a->c.error.details;
	const char			*prefix = "";
	uint64_t			 now = coro_now_ms();

	if (a->cancelled)
		prefix = "The runner was stopped: ";
	else if (a->lease <= now)
		prefix = "Its lease ran out: ";
	else if (a->timeout <= now)
		prefix = "It took too long: ";
	else if (is_misfit(a->c.error.kind))
		prefix = "Its payload does not fit this version: ";
	snprintf(a->why, sizeof(a->why), "%s%s%s%s%s%s", prefix,
	    a->c.error.message, d != NULL ? ": " : "",
	    d != NULL ? d->field : "", d != NULL ? ": " : "",
	    d != NULL ? d->message : "");
	mend_text(a->why);
}

static void
decide_outcome(struct attempt *a)
{
	const struct error_kind	*kind = a->c.error.kind;

	a->why[0] = '\0';
	a->delay = 0;
	if (kind == NULL) {
		a->cancelled = false;
		a->status = "done";
		return;
	}
	write_why(a);
	a->status = "queued";
	if (a->cancelled)
		return;
	if (kind == &ERR_PERMANENT || is_misfit(kind) ||
	    a->job.attempts >= (int64_t)a->kind->attempts)
		a->status = "dead";
	else
		a->delay = attempt_backoff(a->kind, a->job.attempts,
		    arc4random() / 4294967296.0);
}

static void
log_outcome(const struct attempt *a)
{
	enum log_level	 level = LEVEL_INFO;
	struct jsonw	*j;

	if (strcmp(a->status, "dead") == 0)
		level = LEVEL_ERROR;
	else if (*a->why != '\0')
		level = LEVEL_WARNING;
	if ((j = log_begin(level, a->c.request_id, "job")) == NULL)
		return;
	jsonw_string(j, "job", a->job.id);
	jsonw_string(j, "kind", a->kind->name);
	jsonw_int(j, "attempt", a->job.attempts);
	jsonw_string(j, "status", a->status);
	jsonw_int(j, "ms", (int64_t)(coro_now_ms() - a->began));
	if (*a->why != '\0')
		jsonw_string(j, "error", a->why);
	if (a->delay > 0)
		jsonw_int(j, "again_in", (int64_t)(a->delay + 0.5));
	log_end(j);
}

static void
begin_settling(struct attempt *a)
{
	memset(&a->c.error, 0, sizeof(a->c.error));
	a->c.deadline = 0;
	a->settle_at = 0;
	if (ctx_begin(&a->c, settle_run, settle_ended, a))
		coro_wake(a->c.coro);
	else
		a->settle_at = coro_now_ms() + SETTLE_AGAIN_MS;
}

static enum job_outcome
outcome_of(const struct attempt *a)
{
	if (!a->settled)
		return (OUTCOME_LOST);
	if (a->cancelled)
		return (OUTCOME_RELEASED);
	if (strcmp(a->status, "queued") == 0)
		return (OUTCOME_FAILED);
	return (*a->why == '\0' ? OUTCOME_DONE : OUTCOME_DEAD);
}

/* The outcome is stored, or it does not count. */
static void
attempt_finish(struct attempt *a)
{
	if (a->settled)
		log_outcome(a);
	else
		log_event(LEVEL_WARNING, a->c.request_id, "lease",
		    "the job %s is another attempt's by now: the outcome "
		    "of this one (%s) does not count", a->job.id, a->status);
	jobs_metrics_count(a->kind, outcome_of(a), coro_now_ms() - a->began);
	a->on_end(a);
	attempt_free(a);
}

/* Runs on the loop's stack when the handler has ended. */
static void
handler_ended(void *arg)
{
	struct attempt	*a = arg;

	ctx_end(&a->c);
	a->over = true;
	decide_outcome(a);
	if (a->settled || a->disowned)
		attempt_finish(a);
	else
		begin_settling(a);
}

static void
settle_run(void *arg)
{
	struct attempt	*a = arg;

	a->settled = jobs_repository_settle(&a->c, a);
}

static void
settle_ended(void *arg)
{
	struct attempt	*a = arg;

	ctx_end(&a->c);
	if (a->c.error.kind != NULL && !a->disowned)
		a->settle_at = coro_now_ms() + SETTLE_AGAIN_MS;
	else
		attempt_finish(a);
}

void
attempt_tick(struct attempt *a, uint64_t now)
{
	if (a->settle_at == 0 || a->settle_at > now)
		return;
	if (a->disowned)
		attempt_finish(a);
	else
		begin_settling(a);
}
