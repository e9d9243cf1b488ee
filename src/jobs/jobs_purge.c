/* SPDX-License-Identifier: ISC */
/* The runner's own work: what is long done is deleted. */

#include "jobs/runner.h"

#define BATCH	1000	/* rows of a statement: it has five seconds */

/*
 * Done jobs are kept JOBS_KEEP_DAYS for who looks; dead ones until
 * somebody has.
 */
static void
purge_jobs(struct ctx *c)
{
	while (jobs_repository_purge(c, jobs_settings.keep_days, BATCH) ==
	    BATCH)
		;
}

JOB(purge_jobs, .every = 3600, .attempts = 5, .backoff = 60, .timeout = 300);
