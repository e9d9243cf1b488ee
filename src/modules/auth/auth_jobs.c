/* SPDX-License-Identifier: ISC */
/* The job that deletes old sessions, failures and networks. */

#include "jobs/jobs.h"
#include "modules/auth/auth.h"

#define BATCH	1000	/* rows per statement, which has five seconds */

static void
purge_sessions(struct ctx *c)
{
	while (auth_repository_purge_sessions(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_failures(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_networks(c, BATCH) == BATCH)
		;
}

JOB(purge_sessions, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
