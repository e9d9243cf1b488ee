/* SPDX-License-Identifier: ISC */
/* Jobs, as admins see them: list and retry. */

#ifndef MODULES_ADMIN_JOBS_H
#define MODULES_ADMIN_JOBS_H

#include <stdint.h>

#include "database/list.h"
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

SCHEMA_RESPONSE(admin_job, admin_job);
LISTS(admin_jobs, list, admin_job);

/* admin_jobs_service.c */

/*
 * Makes a dead or queued job due now and sets its attempts to 0; its last error
 * stays until an attempt ends. Returns the changed job. Raises ERR_NOT_FOUND;
 * ERR_CONFLICT if the job is running or done, or if an equal job is unfinished.
 */
const struct admin_job	*admin_jobs_service_retry(struct ctx *,
			    const char *id) AWAITS;

#endif
