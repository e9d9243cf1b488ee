/* SPDX-License-Identifier: ISC */
/*
 * The runner of jobs: leases, attempts, outcomes. For src/jobs and jobs_main.c.
 */

#ifndef JOBS_RUNNER_H
#define JOBS_RUNNER_H

#include <sys/queue.h>

#include "base/register.h"
#include "jobs/jobs.h"
#include "utils/uuid.h"

/* The runner, as its files see each other. Internal to this room. */

/*
 * A runner holds a job by a lease, which it renews. One that dies, or is kept
 * from renewing, loses the job to whoever asks next; and since the runner's
 * own clock starts before the database's, it has given up by then.
 */
#define LEASE_MS	20000
#define RENEW_MS	5000

/* One attempt at a job, from its claim until the database knows the outcome. */
struct attempt {
	struct ctx		 c;
	struct job		 job;
	const struct job_kind	*kind;
	uint64_t		 began;		/* coro_now_ms(), as below */
	uint64_t		 timeout;
	uint64_t		 lease;
	uint64_t		 settle_at;	/* 0: not asked for */
	bool			 over;		/* the handler's part */
	bool			 settled;	/* the database knows */
	bool			 cancelled;	/* to be handed back */
	bool			 disowned;	/* by a later attempt */
	const char		*status;	/* the outcome */
	char			 why[512];	/* "" if nothing failed */
	double			 delay;		/* seconds until the next */
	TAILQ_ENTRY(attempt)	 list;
};

TAILQ_HEAD(attempts, attempt);

struct job_id {
	const char	*id;
};

REGISTERED(struct job_kind, job_kinds);

REGISTERED(const struct job_payload, job_payloads);

/* jobs_runner.c */

/*
 * Once, when the loop stands: this process gets a name, and begins to ask for
 * jobs. It asks every POLL_MS, and at once when runner_told().
 */
void		 runner_init(void);
void		 runner_told(void);

/* At every tick. */
void		 runner_tick(uint64_t now);

/* Claims nothing from now on. How many attempts still run? */
unsigned	 runner_drain(void);

/* What still runs is ended where it stands, and handed back. */
void		 runner_cancel(void);

/* This process, as the jobs table names it. */
const char	*runner_id(void);

/* An attempt is over, and its memory will be gone: its slot is free. */
void		 runner_attempt_ended(struct attempt *);

/* jobs_attempt.c */

/*
 * Begins an attempt at a job just claimed; asked is when that was, by
 * coro_now_ms(). NULL when there is no memory: the lease will run out.
 */
struct attempt	*attempt_start(const struct job *,
		    const struct job_kind *, uint64_t asked);

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
 * time, at most backoff_max, and of that a part by chance between the half and
 * the whole, so that what failed together does not come back together.
 */
double		 attempt_backoff(const struct job_kind *, int64_t n,
		    double chance);

/* jobs_repository.c */

void		 jobs_repository_enqueue(struct ctx *, const char *kind,
		    const char *payload, const char *unique_key) AWAITS;

/* Up to limit jobs that are due, of the kinds in an array's text. */
struct job	*jobs_repository_claim(struct ctx *, const char *runner,
		    const char *kinds, unsigned limit, size_t *n) AWAITS;

/* The ids, in an array's text, whose lease is renewed. */
struct job_id	*jobs_repository_renew(struct ctx *, const char *runner,
		    const char *ids, size_t *n) AWAITS;

/* Writes the outcome down; false when the job is another attempt's by now. */
bool		 jobs_repository_settle(struct ctx *,
		    const struct attempt *, const char *runner) AWAITS;

/* Stores this round's job of a scheduled kind, unless somebody has. */
void		 jobs_repository_schedule(struct ctx *,
		    const struct job_kind *) AWAITS;

/* Deletes some of those that were done that many days ago. */
int64_t		 jobs_repository_purge(struct ctx *, unsigned days,
		    unsigned limit) AWAITS;

#endif
