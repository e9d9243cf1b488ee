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

void		 jobs_repository_enqueue(struct ctx *, const char *kind,
		    const char *payload, const char *unique_key) AWAITS;

/* Claims and returns up to limit jobs that are due, of the kinds (array). */
struct job	*jobs_repository_claim(struct ctx *, const char *runner,
		    const char *kinds, unsigned limit, size_t *n) AWAITS;

/* Renews leases of the jobs in ids (array). Returns those it could renew. */
struct job_id	*jobs_repository_renew(struct ctx *, const char *runner,
		    const char *ids, size_t *n) AWAITS;

/* Stores the outcome. Returns false if a later attempt has the job. */
bool		 jobs_repository_settle(struct ctx *,
		    const struct attempt *) AWAITS;

/* Stores this round's job of a scheduled kind, unless it is already stored. */
void		 jobs_repository_schedule(struct ctx *,
		    const struct job_kind *) AWAITS;

/* Deletes up to limit jobs done that many days ago. Returns their number. */
int64_t		 jobs_repository_purge(struct ctx *, unsigned days,
		    unsigned limit) AWAITS;

#endif
