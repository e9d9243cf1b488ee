/* SPDX-License-Identifier: ISC */
/* The endpoints of jobs, for admins. */

#include "dependencies.h"
#include "http/routes.h"
#include "modules/admin_jobs/admin_jobs.h"

ROUTER(admin_jobs, "List and retry background jobs.");

static void
list_jobs(struct ctx *c)
{
	admin_jobs_list_respond(c);
}

static void
retry_job(struct ctx *c)
{
	admin_job_respond(c, admin_jobs_service_retry(c, path_param(c,
	    "job_id")));
}

ROUTE(admin_jobs_collection,
    PAGE_PARAMS, CURSOR_PARAMS("-created_at"),
    PARAM(status, "Only jobs with this status."),
    PARAM(kind, "Only jobs of this kind.", .example = "send_welcome_email"),
    GET(list_jobs, .auth = require_role("admin"),
	.out = &admin_job_list_schema,
	.out_cursor = &admin_job_cursor_list_schema,
	.doc = "List jobs, the latest first."));

ROUTE(admin_jobs_retry,
    PATH(job_id, T_UUID),
    POST(retry_job, .auth = require_role("admin"), .out = &admin_job_schema,
	.status = 202, .idempotent = true,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Retry a dead or queued job now."));
