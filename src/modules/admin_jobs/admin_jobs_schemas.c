/* SPDX-License-Identifier: ISC */
/* Which jobs a change of many is for, and what it has done. */

#include "modules/admin_jobs/admin_jobs.h"

#define STATUS(rule)							\
	.also = MEMBERS(MEMBER(admin_jobs_filter, status, T_STR, REQUIRED, \
	    .validator = rule))
#define OTHERS								\
	.only = NAMES("kind", "user_id", "created_since", "created_until", \
	    "finished_since", "finished_until", "limit")

static const struct member	admin_jobs_filter_members[] = {
	MEMBER(admin_jobs_filter, status, T_STR, REQUIRED),
	MEMBER(admin_jobs_filter, kind, T_STR, 0, .validator = "v_job_kind",
	    .example = "send_welcome_email"),
	MEMBER(admin_jobs_filter, user_id, T_UUID, 0,
	    .doc = "Only jobs about this user"),
	MEMBER(admin_jobs_filter, created_since, T_TIME, 0,
	    .doc = "Only jobs that were stored from this time on"),
	MEMBER(admin_jobs_filter, created_until, T_TIME, 0,
	    .doc = "Only jobs that were stored before this time"),
	MEMBER(admin_jobs_filter, finished_since, T_TIME, 0,
	    .doc = "Only jobs that ended from this time on"),
	MEMBER(admin_jobs_filter, finished_until, T_TIME, 0,
	    .doc = "Only jobs that ended before this time"),
	MEMBER(admin_jobs_filter, limit, T_INT, 0, .validator = "v_job_limit",
	    .fallback = "1000", .doc = "How many at most, the oldest first"),
};

static const struct member	admin_jobs_changed_members[] = {
	MEMBER(admin_jobs_changed, affected, T_INT, OUT, .example = "1000"),
	MEMBER(admin_jobs_changed, skipped, T_INT, OUT, .example = "0",
	    .doc = "Of a retry: how many more match, but stay as they are, "
	    "since an equal job is queued or running; counted to 1,000"),
	MEMBER(admin_jobs_changed, has_more, T_BOOL, OUT, .example = "true",
	    .doc = "The same request again would affect other jobs"),
};

SCHEMA(admin_jobs_filter);
SCHEMA(admin_jobs_changed);
SCHEMA_LIKE(admin_jobs_retry, admin_jobs_filter, OTHERS,
    STATUS("v_retry_status"));
SCHEMA_LIKE(admin_jobs_cancel, admin_jobs_filter, OTHERS,
    STATUS("v_cancel_status"));
SCHEMA_LIKE(admin_jobs_delete, admin_jobs_filter, OTHERS,
    STATUS("v_delete_status"));
