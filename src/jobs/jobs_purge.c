/* SPDX-License-Identifier: ISC */
/* A scheduled job that deletes jobs that were done long ago. */

#include "jobs/jobs_repository.h"

#define BATCH	1000	/* rows per statement, which may take 5 seconds */

/* Done jobs are kept for JOBS_KEEP_DAYS, dead jobs until an admin acts. */
static void
purge_jobs(struct ctx *c)
{
	while (jobs_repository_purge(c, jobs_settings.keep_days, BATCH) ==
	    BATCH)
		;
}

JOB(purge_jobs, .every = 3600, .attempts = 5, .backoff = 60, .timeout = 300);
