/* SPDX-License-Identifier: ISC */
/* A job of the runner's own: deleting jobs that were done long ago. */

#include "jobs/jobs_repository.h"

#define BATCH	1000	/* rows of a statement: it has five seconds */

/*
 * Done jobs are kept JOBS_KEEP_DAYS for who looks; dead ones until
 * an admin has them run again.
 */
static void
purge_jobs(struct ctx *c)
{
	while (jobs_repository_purge(c, jobs_settings.keep_days, BATCH) ==
	    BATCH)
		;
}

JOB(purge_jobs, .every = 3600, .attempts = 5, .backoff = 60, .timeout = 300);
