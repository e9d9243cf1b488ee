/* SPDX-License-Identifier: ISC */
/* The endpoints of jobs, for admins. */

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "modules/admin_jobs/admin_jobs.h"
#include "modules/users/users.h"

ROUTER(admin_jobs, "List, read, retry, cancel and delete background jobs.");

static AWAITS void
respond_list(struct ctx *c, const char *user_id)
{
	admin_jobs_list_respond(c, user_id, query_time(c, "created_since"),
	    query_time(c, "created_until"), query_time(c, "finished_since"),
	    query_time(c, "finished_until"));
}

static void
list_jobs(struct ctx *c)
{
	respond_list(c, query_param(c, "user_id"));
}

static void
list_jobs_of_user(struct ctx *c)
{
	respond_list(c, target_user(c)->id);
}

static void
read_job(struct ctx *c)
{
	admin_job_respond(c, admin_jobs_service_get(c, path_param(c,
	    "job_id")));
}

static void
delete_job(struct ctx *c)
{
	admin_jobs_service_delete(c, path_param(c, "job_id"));
	respond_empty(c, 204);
}

static void
retry_job(struct ctx *c)
{
	admin_job_respond(c, admin_jobs_service_retry(c, path_param(c,
	    "job_id")));
}

static void
cancel_job(struct ctx *c)
{
	admin_job_respond(c, admin_jobs_service_cancel(c, path_param(c,
	    "job_id")));
}

static void
retry_jobs(struct ctx *c)
{
	const struct admin_jobs_filter	*in = admin_jobs_retry_body(c);

	admin_jobs_changed_respond(c, admin_jobs_many_retry(c, in));
}

static void
cancel_jobs(struct ctx *c)
{
	const struct admin_jobs_filter	*in = admin_jobs_cancel_body(c);

	admin_jobs_changed_respond(c, admin_jobs_many_cancel(c, in));
}

static void
delete_jobs(struct ctx *c)
{
	const struct admin_jobs_filter	*in = admin_jobs_delete_body(c);

	admin_jobs_changed_respond(c, admin_jobs_many_delete(c, in));
}

#define LIST_PARAMS							\
	PAGE_PARAMS, CURSOR_PARAMS("-created_at"),			\
	PARAM(status, "Only jobs with this status."),			\
	PARAM(kind, "Only jobs of this kind.",				\
	    .example = "send_welcome_email"),				\
	PARAM(created_since, "Only jobs stored from this time on.",	\
	    .example = "2026-01-31T12:00:00Z"),				\
	PARAM(created_until, "Only jobs stored before this time.",	\
	    .example = "2036-01-31T12:00:00Z"),				\
	PARAM(finished_since, "Only jobs that ended from this time on.", \
	    .example = "2026-01-31T12:00:00Z"),				\
	PARAM(finished_until, "Only jobs that ended before this time.",	\
	    .example = "2036-01-31T12:00:00Z")

ROUTE(admin_jobs_collection,
    LIST_PARAMS,
    PARAM(user_id, "Only jobs about this user.",
	.example = "0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"),
    GET(list_jobs, .auth = require_role("admin"),
	.out = &admin_job_list_schema,
	.out_cursor = &admin_job_cursor_list_schema,
	.doc = "List jobs, the latest first."));

ROUTE(admin_jobs_of_user,
    PATH(user_id, T_UUID), LIST_PARAMS,
    GET(list_jobs_of_user, .auth = require_role("admin"),
	.out = &admin_job_list_schema,
	.out_cursor = &admin_job_cursor_list_schema,
	.raises = RAISES(&ERR_NOT_FOUND),
	.doc = "List the jobs that are about a user, the latest first."));

ROUTE(admin_jobs_item,
    PATH(job_id, T_UUID),
    GET(read_job, .auth = require_role("admin"), .out = &admin_job_schema,
	.raises = RAISES(&ERR_NOT_FOUND), .doc = "Read a job."),
    DELETE(delete_job, .auth = require_role("admin"),
	.also = &recently_confirmed, .status = 204,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Delete a job that is done, dead or cancelled."));

ROUTE(admin_jobs_retry,
    PATH(job_id, T_UUID),
    POST(retry_job, .auth = require_role("admin"), .out = &admin_job_schema,
	.status = 202, .idempotent = true,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Retry a dead, cancelled or queued job now."));

ROUTE(admin_jobs_cancel,
    PATH(job_id, T_UUID),
    POST(cancel_job, .auth = require_role("admin"),
	.also = &recently_confirmed, .out = &admin_job_schema,
	.idempotent = true,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Cancel a job that is queued."));

ROUTE(admin_jobs_retry_many,
    POST(retry_jobs, .auth = require_role("admin"),
	.in = &admin_jobs_retry_schema, .out = &admin_jobs_changed_schema,
	.idempotent = true,
	.doc = "Retry the dead, or the cancelled, jobs that match."));

ROUTE(admin_jobs_cancel_many,
    POST(cancel_jobs, .auth = require_role("admin"),
	.also = &recently_confirmed, .in = &admin_jobs_cancel_schema,
	.out = &admin_jobs_changed_schema, .idempotent = true,
	.doc = "Cancel the queued jobs that match."));

ROUTE(admin_jobs_delete_many,
    POST(delete_jobs, .auth = require_role("admin"),
	.also = &recently_confirmed, .in = &admin_jobs_delete_schema,
	.out = &admin_jobs_changed_schema, .idempotent = true,
	.doc = "Delete the done, the dead or the cancelled jobs that match."));
