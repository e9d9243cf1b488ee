/* SPDX-License-Identifier: ISC */
/* The scheduled job that deletes the oldest rows of the audit log. */

#include "config.h"
#include "jobs/jobs.h"
#include "modules/audit/audit.h"
#include "product.h"

static unsigned	keep_days;

/* The table lets nobody delete the rows of the last day. */
SETTINGS(audit,
    {
	ENV("AUDIT_KEEP_DAYS"), NUMBER(1, 3650), .number = &keep_days,
	.fallback = "365",
	.meaning = "Days that entries of the [audit log](audit.md) are kept.",
    });

static void
purge_audit(struct ctx *c)
{
	audit_service_purge(c, keep_days);
}

JOB(purge_audit, .every = 3600, .attempts = 5, .backoff = 60, .timeout = 300);
