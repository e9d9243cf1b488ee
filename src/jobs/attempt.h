/* SPDX-License-Identifier: ISC */
/*
 * One attempt at a job, from its claim until the database knows the outcome.
 * For src/jobs only.
 */

#ifndef JOBS_ATTEMPT_H
#define JOBS_ATTEMPT_H

#include <sys/queue.h>

#include "jobs/jobs.h"
#include "request/ctx.h"

/*
 * A runner holds a job by a lease, which it renews. If it dies, or is kept from
 * renewing, the job goes to the runner that asks next. The runner counts from
 * before the claim and the database from the claim itself, so by then the
 * runner has given the job up.
 */
#define LEASE_MS	20000

struct attempt {
	struct ctx		 c;
	struct job		 job;
	const struct job_kind	*kind;
	const char		*runner;	/* as the jobs table names it */
	void			(*on_end)(struct attempt *);
	uint64_t		 began;		/* coro_now_ms(), as below */
	uint64_t		 timeout;
	uint64_t		 lease;
	uint64_t		 settle_at;	/* 0: not asked for */
	bool			 over;		/* the handler has ended */
	bool			 settled;	/* the database knows */
	bool			 cancelled;	/* to be handed back */
	bool			 disowned;	/* by a later attempt */
	const char		*status;	/* the outcome */
	char			 why[512];	/* "" if nothing failed */
	double			 delay;		/* seconds until the next */
	TAILQ_ENTRY(attempt)	 list;		/* the runner's */
};

TAILQ_HEAD(attempts, attempt);

/*
 * Begins an attempt at a job that this runner has just claimed; asked is when,
 * by coro_now_ms(). on_end() is called when the attempt is over and its memory
 * is about to be freed. The runner's name must live as long. NULL when there is
 * no memory: the lease will run out.
 */
struct attempt	*attempt_start(const struct job *, const struct job_kind *,
		    uint64_t asked, const char *runner,
		    void (*on_end)(struct attempt *));

/* The lease holds until then. */
void		 attempt_extend(struct attempt *, uint64_t lease);

/* Ends it where it stands, and hands the job back. */
void		 attempt_cancel(struct attempt *);

/* Ends it where it stands: its lease ran out, and this runner has another. */
void		 attempt_disown(struct attempt *);

/* Tells the database the outcome again, if it could not be told before. */
void		 attempt_tick(struct attempt *, uint64_t now);

/*
 * How many seconds the attempt after the n-th waits: the backoff doubled each
 * time, at most backoff_max. chance, from 0 to 1, picks a time between half of
 * that and the whole, so that jobs that failed together do not come back
 * together.
 */
double		 attempt_backoff(const struct job_kind *, int64_t n,
		    double chance);

#endif
