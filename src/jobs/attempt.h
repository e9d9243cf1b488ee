/* SPDX-License-Identifier: ISC */
/*
 * One attempt at a job, from its claim until the outcome is in the database.
 * For src/jobs only.
 */

#ifndef JOBS_ATTEMPT_H
#define JOBS_ATTEMPT_H

#include <sys/queue.h>

#include "jobs/jobs.h"
#include "request/ctx.h"

/*
 * A runner holds a job by a lease, in milliseconds, which it renews. If it dies
 * or cannot renew, another one puts the job back, so that it is claimed again.
 * The runner measures the lease from before the claim or the renewal, and the
 * other from when it has seen that, each by its own clock, which nobody sets.
 * So the runner has stopped its attempt by then.
 */
#define LEASE_MS	20000

struct lane;

struct attempt {
	struct ctx		 c;		/* first: job_waits() */
	struct job		 job;
	const struct job_kind	*kind;
	const char		*runner;	/* as the jobs table names it */
	void			(*on_end)(struct attempt *);
	uint64_t		 began;		/* by coro_now_ms() */
	uint64_t		 timeout;	/* end time, as below */
	uint64_t		 lease;
	uint64_t		 waits_since;	/* for a server; 0: not */
	uint64_t		 left;		/* of the timeout, meanwhile */
	struct lane		*lane;		/* of the runner: whose place
						   it has */
	uint64_t		 renewing;	/* since when; 0: never */
	uint64_t		 settle_at;	/* when to retry; 0: never */
	bool			 over;		/* the handler has ended */
	bool			 settled;	/* the outcome is stored */
	bool			 cancelled;	/* the job is to be released */
	bool			 disowned;	/* a later attempt runs */
	const char		*status;	/* the outcome */
	char			 why[1024];	/* "" if nothing failed */
	double			 delay;		/* seconds to the next one */
	TAILQ_ENTRY(attempt)	 list;		/* of the runner */
};

TAILQ_HEAD(attempts, attempt);

/*
 * Starts an attempt at a job that this runner has just claimed. asked is the
 * time before the claim, by coro_now_ms(). on_end() is called at the end,
 * before the attempt is freed; the runner's name must live until then. Copies
 * the job. Returns NULL if memory runs out; the lease will expire.
 */
struct attempt	*attempt_start(const struct job *, const struct job_kind *,
		    uint64_t asked, const char *runner,
		    void (*on_end)(struct attempt *));

/* The lease now ends at `lease`, by coro_now_ms(). */
void		 attempt_extend(struct attempt *, uint64_t lease);

/* Interrupts the attempt and releases the job for another runner. */
void		 attempt_cancel(struct attempt *);

/* Interrupts it: its lease expired, and this runner claimed the job again. */
void		 attempt_disown(struct attempt *);

/* Interrupts it: its lease was not renewed, unless it is at its end. */
void		 attempt_lose(struct attempt *);

/* At every tick: stores the outcome, if this has failed before. */
void		 attempt_tick(struct attempt *, uint64_t now);

/*
 * Returns the seconds from the n-th attempt to the next: the backoff, doubled
 * each time up to backoff_max, times a factor from 0.5 to 1. chance, from 0 to
 * 1, is random and picks the factor, so that jobs that failed together are not
 * retried together.
 */
double		 attempt_backoff(const struct job_kind *, int64_t n,
		    double chance);

#endif
