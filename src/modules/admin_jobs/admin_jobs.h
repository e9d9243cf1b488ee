/* SPDX-License-Identifier: ISC */
/* Jobs, as admins see them: list and retry. */

#ifndef MODULES_ADMIN_JOBS_H
#define MODULES_ADMIN_JOBS_H

#include <stdint.h>

#include "http/page.h"
#include "http/schema_response.h"
#include "schema/schema.h"

/* src/jobs stores and runs them. */

/* admin_jobs_models.c */

struct admin_job {
	const char	*id;
	const char	*kind;
	const char	*payload;	/* JSON */
	const char	*status;	/* queued, running, done, dead */
	int64_t		 attempts;
	const char	*error;		/* the last attempt's; NULL: none */
	const char	*request_id;	/* NULL: not from a request */
	int64_t		 run_at;
	int64_t		 created_at;
	int64_t		 finished_at;	/* TIME_NULL: unfinished */
};

/* admin_jobs_schemas.c */

/* The filters of a list; NULL: no filter. */
struct admin_job_filter {
	const char	*status;
	const char	*kind;
};

struct admin_job_list {
	const struct admin_job	*items;
	size_t			 items_count;
	PAGE_MEMBERS;
};

struct admin_job_cursor_list {
	const struct admin_job	*items;
	size_t			 items_count;
	CURSOR_MEMBERS;
};

SCHEMA_RESPONSE(admin_job, admin_job);
SCHEMA_RESPONSE(admin_job_list, admin_job_list);
SCHEMA_RESPONSE(admin_job_cursor_list, admin_job_cursor_list);

/* admin_jobs_service.c */

/* A page of the jobs that match the filter, and their total. */
const struct admin_job_list	*admin_jobs_service_get_all(struct ctx *,
				    const struct admin_job_filter *,
				    const struct page *) AWAITS;

/* The same, by cursor. */
const struct admin_job_cursor_list
		*admin_jobs_service_get_after(struct ctx *,
		    const struct admin_job_filter *, const struct page *)
		    AWAITS;

/*
 * Makes a dead or queued job due now and sets its attempts to 0; its last error
 * stays until an attempt ends. Returns the changed job. Raises ERR_NOT_FOUND;
 * ERR_CONFLICT if the job is running or done, or if an equal job is unfinished.
 */
const struct admin_job	*admin_jobs_service_retry(struct ctx *,
			    const char *id) AWAITS;

#endif
