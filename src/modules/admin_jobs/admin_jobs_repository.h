/* SPDX-License-Identifier: ISC */
/* Jobs in the database, as an admin sees them. For admin_jobs only. */

#ifndef MODULES_ADMIN_JOBS_REPOSITORY_H
#define MODULES_ADMIN_JOBS_REPOSITORY_H

#include "database/database.h"
#include "modules/admin_jobs/admin_jobs.h"

/* admin_jobs_repository.c */

/* The job as it is now, locked until the transaction ends; NULL: none. */
QUERY_MAYBE_ONE(admin_jobs, lock, admin_job, id);

/*
 * Queues the job again and notifies the runners. A job that is running or done
 * is returned unchanged. Raises ERR_CONFLICT if an equal job is unfinished.
 */
QUERY_MAYBE_ONE(admin_jobs, retry, admin_job, id);

#endif
