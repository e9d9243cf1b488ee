/* SPDX-License-Identifier: ISC */
/* Jobs, as admins see them: list, read, retry, cancel and delete. */

#ifndef MODULES_ADMIN_JOBS_H
#define MODULES_ADMIN_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "database/list.h"
#include "http/schema_response.h"
#include "schema/schema.h"

/* src/jobs stores and runs them. */

/* admin_jobs_models.c */

struct admin_job {
	const char	*id;
	const char	*kind;
	const char	*user_id;	/* that it is about; NULL: none */
	const char	*payload;	/* JSON */
	const char	*status;	/* one of v_job_status */
	int64_t		 attempts;
	const char	*error;		/* the last attempt's; NULL: none */
	const char	*request_id;	/* NULL: not from a request */
	int64_t		 run_at;
	int64_t		 created_at;
	int64_t		 finished_at;	/* TIME_NULL: unfinished */
};

SCHEMA_RESPONSE(admin_job, admin_job);
LISTS(admin_jobs, list, admin_job, user_id, created_since, created_until,
    finished_since, finished_until);

/* admin_jobs_schemas.c */

/*
 * Which jobs to change, and how many at most. All but status and limit may be
 * NULL or TIME_NULL.
 */
struct admin_jobs_filter {
	const char	*status;
	const char	*kind;
	const char	*user_id;
	int64_t		 created_since, created_until;
	int64_t		 finished_since, finished_until;
	int64_t		 limit;
};

SCHEMA_DECLARE(admin_jobs_filter, admin_jobs_filter);

/* The same, with the statuses that each of these may change. */
SCHEMA_BODY_OF(admin_jobs_retry, admin_jobs_filter);
SCHEMA_BODY_OF(admin_jobs_cancel, admin_jobs_filter);
SCHEMA_BODY_OF(admin_jobs_delete, admin_jobs_filter);

/* What a change of many jobs has done. */
struct admin_jobs_changed {
	int64_t	 affected;
	int64_t	 skipped;	/* could not be queued again */
	bool	 has_more;	/* the same again would affect others */
};

SCHEMA_RESPONSE(admin_jobs_changed, admin_jobs_changed);

/* admin_jobs_service.c */

/* Raises ERR_NOT_FOUND, like the functions below. */
const struct admin_job	*admin_jobs_service_get(struct ctx *,
			    const char *id) AWAITS;

/*
 * Makes a dead, cancelled or queued job due now and sets its attempts to 0; its
 * last error stays until an attempt ends. Returns the changed job. Raises
 * ERR_CONFLICT if the job is running or done, or if an equal job is unfinished.
 */
const struct admin_job	*admin_jobs_service_retry(struct ctx *,
			    const char *id) AWAITS;

/*
 * Cancels a job that waits: no runner ever begins it. One that is cancelled
 * already is returned unchanged. Raises ERR_CONFLICT if it runs or has ended.
 */
const struct admin_job	*admin_jobs_service_cancel(struct ctx *,
			    const char *id) AWAITS;

/* Raises ERR_CONFLICT unless the job is done, dead or cancelled. */
void			 admin_jobs_service_delete(struct ctx *,
			    const char *id) AWAITS;

/*
 * admin_jobs_many.c: the same for many jobs, the oldest first. Those that a
 * runner or another admin has in hand at this moment are left out.
 */
const struct admin_jobs_changed	*admin_jobs_many_retry(struct ctx *,
				    const struct admin_jobs_filter *) AWAITS;
const struct admin_jobs_changed	*admin_jobs_many_cancel(struct ctx *,
				    const struct admin_jobs_filter *) AWAITS;
const struct admin_jobs_changed	*admin_jobs_many_delete(struct ctx *,
				    const struct admin_jobs_filter *) AWAITS;

#endif
