/* SPDX-License-Identifier: ISC */
/* Jobs in the database, as an admin sees them. For admin_jobs only. */

#ifndef MODULES_ADMIN_JOBS_REPOSITORY_H
#define MODULES_ADMIN_JOBS_REPOSITORY_H

#include "database/database.h"
#include "modules/admin_jobs/admin_jobs.h"

/* Jobs that match a filter and are locked. */
struct admin_jobs_match {
	const char	*ids;		/* an array of SQL: {a,b} */
	bool		 has_more;	/* others match, too */
};

SCHEMA_DECLARE(admin_jobs_match, admin_jobs_match);

/* admin_jobs_repository.c */

QUERY_MAYBE_ONE(admin_jobs, find, admin_job, id);

/* The job as it is now, locked until the transaction ends; NULL: none. */
QUERY_MAYBE_ONE(admin_jobs, lock, admin_job, id);

/*
 * Queues the job again and notifies the runners. A job that is running or done
 * is returned unchanged. Raises ERR_CONFLICT if an equal job is unfinished.
 */
QUERY_MAYBE_ONE(admin_jobs, retry, admin_job, id);

/* NULL if the job does not wait. */
QUERY_MAYBE_ONE(admin_jobs, cancel, admin_job, id);

/* 0 if the job has not ended. */
QUERY_EXEC(admin_jobs, delete, id);

/*
 * Locks the first jobs that match. to_retry: only those that can be queued. The
 * second one is for a filter with a user_id.
 */
QUERY_ONE_FROM(admin_jobs, match, admin_jobs_match, admin_jobs_filter,
    to_retry);
QUERY_ONE_FROM(admin_jobs, match_of_user, admin_jobs_match,
    admin_jobs_filter, to_retry);

/* What becomes of them; these return how many. */
QUERY_COUNT(admin_jobs, retry_all, ids);
QUERY_EXEC(admin_jobs, cancel_all, ids);
QUERY_EXEC(admin_jobs, delete_all, ids);

/* How many match and cannot be queued, up to `most`. */
QUERY_ONE_FROM(admin_jobs, count_blocked, total, admin_jobs_filter, most);

#endif
