/* SPDX-License-Identifier: ISC */
/*
 * The jobs table: stores jobs, claims them and records their outcome. For
 * src/jobs only. Arrays are PostgreSQL literals, such as {a,b}.
 */

#ifndef JOBS_JOBS_REPOSITORY_H
#define JOBS_JOBS_REPOSITORY_H

#include "jobs/attempt.h"

struct job_id {
	const char	*id;
};

/* What /metrics shows of the table. */
struct job_counts {
	int64_t		 queued, running, dead;
	int64_t		 oldest;	/* seconds since it was due */
	int64_t		 runners;	/* alive within a minute */
};

/* A lease of any runner, or the database's clock. */
struct job_lease {
	const char	*id;		/* NULL: the clock */
	int64_t		 run_at;
};

/* A job that is put back. */
struct job_left {
	const char	*id;
	const char	*kind;
};

struct job_round {
	int64_t		 added;		/* jobs: one or none */
	int64_t		 wait;		/* ms until the next round */
};

struct job_zone {
	bool		 known;
};

/* A kind that this version does not know. */
struct unknown_kind {
	const char	*kind;
	int64_t		 jobs;
	int64_t		 since;		/* the first was due */
};

/* It is due in these seconds or, if `at` is not NULL, at that time. */
void		 jobs_repository_enqueue(struct ctx *, const char *kind,
		    const char *payload, const char *unique_key,
		    const char *user_id, int64_t seconds,
		    const int64_t *at) AWAITS;

/* Claims and returns up to limit jobs that are due, of the kinds (array). */
struct job	*jobs_repository_claim(struct ctx *, const char *runner,
		    const char *kinds, unsigned limit, size_t *n) AWAITS;

/* Renews leases of the jobs in ids (array). Returns those it could renew. */
struct job_id	*jobs_repository_renew(struct ctx *, const char *runner,
		    const char *ids, size_t *n) AWAITS;

/* Returns up to limit leases, those that end first, and the clock. */
struct job_lease *jobs_repository_held(struct ctx *, unsigned limit,
		    size_t *n) AWAITS;

/* The jobs in ids whose leases are those of the second array are due. */
struct job_left	*jobs_repository_put_back(struct ctx *, const char *ids,
		    const char *leases, size_t *n) AWAITS;

/* Up to limit jobs that wait since a time to come. Returns their number. */
int64_t		 jobs_repository_reset_waits(struct ctx *,
		    unsigned limit) AWAITS;

/* Stores the outcome. Returns false if a later attempt has the job. */
bool		 jobs_repository_settle(struct ctx *,
		    const struct attempt *) AWAITS;

/*
 * Stores this round's job of a scheduled kind, unless it is already stored.
 * Returns the milliseconds until the next round.
 */
int64_t		 jobs_repository_schedule(struct ctx *,
		    const struct job_kind *) AWAITS;

/* Stores that this runner, a process of that host, is alive. */
void		 jobs_repository_seen(struct ctx *, const char *runner,
		    const char *host, int64_t pid) AWAITS;

struct job_counts	*jobs_repository_count(struct ctx *) AWAITS;
bool		 jobs_repository_zone_is_known(struct ctx *,
		    const char *zone) AWAITS;

/* Jobs of other kinds than these (array) that have waited for an hour. */
struct unknown_kind *jobs_repository_unknown(struct ctx *, const char *kinds,
		    size_t *n) AWAITS;

/* Up to limit of those are dead, after these days. Returns their number. */
int64_t		 jobs_repository_bury(struct ctx *, const char *kinds,
		    unsigned days, unsigned limit) AWAITS;

/*
 * Deletes up to limit jobs that were done or cancelled that many days ago.
 * Returns their number.
 */
int64_t		 jobs_repository_purge(struct ctx *, unsigned days,
		    unsigned limit) AWAITS;

#endif
