/* SPDX-License-Identifier: ISC */
/* The job that deletes old sessions, failures and networks. */

#include "jobs/jobs.h"
#include "modules/auth/auth.h"

static void
purge_sessions(struct ctx *c)
{
	auth_service_purge(c);
}

JOB(purge_sessions, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
