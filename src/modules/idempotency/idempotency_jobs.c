/* SPDX-License-Identifier: ISC */
/* The job that deletes stored responses after a day. */

#include "jobs/jobs.h"
#include "modules/idempotency/idempotency.h"

static void
purge_idempotency_keys(struct ctx *c)
{
	idempotency_service_purge(c);
}

JOB(purge_idempotency_keys, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
