/* SPDX-License-Identifier: ISC */
/* Rows of the jobs table, as an admin sees them. */

#include "modules/admin_jobs/admin_jobs_repository.h"

static const struct member	admin_job_members[] = {
	MEMBER(admin_job, id, T_UUID, OUT),
	MEMBER(admin_job, kind, T_STR, OUT,
	    .example = "send_welcome_email"),
	MEMBER(admin_job, user_id, T_UUID, OUT | OR_NULL,
	    .doc = "The user that the job is about"),
	MEMBER(admin_job, payload, T_JSON, OUT,
	    .example = "{\"id\": \"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55\"}"),
	MEMBER(admin_job, status, T_STR, OUT, .validator = "v_job_status",
	    .example = "dead"),
	MEMBER(admin_job, attempts, T_INT, OUT, .example = "20"),
	MEMBER(admin_job, error, T_STR, OUT | OR_NULL,
	    .example = "The mail server refused the address"),
	MEMBER(admin_job, request_id, T_STR, OUT | OR_NULL,
	    .example = "0f8fad5b-d9cb-469f-a165-70867728950e"),
	MEMBER(admin_job, run_at, T_TIME, OUT),
	MEMBER(admin_job, created_at, T_TIME, OUT),
	MEMBER(admin_job, finished_at, T_TIME, OUT | OR_NULL),
};

static const struct member	admin_jobs_match_members[] = {
	MEMBER(admin_jobs_match, ids, T_STR, 0),
	MEMBER(admin_jobs_match, has_more, T_BOOL, 0),
};

SCHEMA(admin_job);
SCHEMA(admin_jobs_match);
LIST_QUERY(admin_jobs, list, admin_job, .sort = "-created_at");

CONSTRAINT(jobs_unique_key, "An equal job is queued or running already");
