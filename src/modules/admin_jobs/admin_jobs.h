/* SPDX-License-Identifier: ISC */
/* The jobs as admins see them: list, read, retry, delete. */

#ifndef MODULES_ADMIN_JOBS_H
#define MODULES_ADMIN_JOBS_H

#include <stdint.h>

#include "http/page.h"
#include "http/schema_response.h"
#include "schema/schema.h"

/* Jobs as an admin looks at them; who stores and runs them is src/jobs. */

/* admin_jobs_models.c */

struct admin_job {
	const char	*id;
	const char	*kind;
	const char	*payload;	/* JSON */
	const char	*status;	/* queued, running, done, dead */
	int64_t		 attempts;
	const char	*error;		/* the last attempt's; NULL: none */
	const char	*request_id;	/* NULL: nobody's request */
	int64_t		 run_at;
	int64_t		 created_at;
	int64_t		 finished_at;	/* TIME_NULL: it is not */
};

/* admin_jobs_schemas.c */

/* Which jobs a list has: NULL leaves out none. */
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

/* A page of the jobs that the filter leaves, and how many there are. */
const struct admin_job_list	*admin_jobs_service_get_all(struct ctx *,
				    const struct admin_job_filter *,
				    const struct page *) AWAITS;

/* The same behind a cursor. */
const struct admin_job_cursor_list
		*admin_jobs_service_get_after(struct ctx *,
		    const struct admin_job_filter *, const struct page *)
		    AWAITS;

/*
 * Makes a job that is dead, or waits for its next attempt, due at once, as if
 * none had been made; its last error stays until an attempt has ended. Returns
 * the job as it is then. Raises ERR_NOT_FOUND, and ERR_CONFLICT for one that
 * runs or is done, or while an equal one is unfinished.
 */
const struct admin_job	*admin_jobs_service_retry(struct ctx *,
			    const char *id) AWAITS;

#endif
