/* SPDX-License-Identifier: ISC */
/*
 * Jobs in the database: storing them, claiming them, and noting how they went.
 * For src/jobs only.
 */

#ifndef JOBS_JOBS_REPOSITORY_H
#define JOBS_JOBS_REPOSITORY_H

#include "jobs/attempt.h"

struct job_id {
	const char	*id;
};

void		 jobs_repository_enqueue(struct ctx *, const char *kind,
		    const char *payload, const char *unique_key) AWAITS;

/* Up to limit jobs that are due, of the kinds in an array's text. */
struct job	*jobs_repository_claim(struct ctx *, const char *runner,
		    const char *kinds, unsigned limit, size_t *n) AWAITS;

/* The ids, in an array's text, whose lease is renewed. */
struct job_id	*jobs_repository_renew(struct ctx *, const char *runner,
		    const char *ids, size_t *n) AWAITS;

/* Notes the outcome; false when the job is another attempt's by now. */
bool		 jobs_repository_settle(struct ctx *,
		    const struct attempt *) AWAITS;

/* Stores this round's job of a scheduled kind, unless a runner has. */
void		 jobs_repository_schedule(struct ctx *,
		    const struct job_kind *) AWAITS;

/* Deletes some of those that were done that many days ago. */
int64_t		 jobs_repository_purge(struct ctx *, unsigned days,
		    unsigned limit) AWAITS;

#endif
