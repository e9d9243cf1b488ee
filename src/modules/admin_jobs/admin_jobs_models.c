/* SPDX-License-Identifier: ISC */
/* Rows of the jobs table, as an admin sees them. */

#include "modules/admin_jobs/admin_jobs_repository.h"

static const struct column	admin_job_columns[] = {
	COLUMN(admin_job, id, T_UUID),
	COLUMN(admin_job, kind, T_STR),
	COLUMN(admin_job, payload, T_JSON),
	COLUMN(admin_job, status, T_STR),
	COLUMN(admin_job, attempts, T_INT),
	COLUMN(admin_job, error, T_STR, .nullable = true),
	COLUMN(admin_job, request_id, T_STR, .nullable = true),
	COLUMN(admin_job, run_at, T_TIME),
	COLUMN(admin_job, created_at, T_TIME),
	COLUMN(admin_job, finished_at, T_TIME, .nullable = true),
};

MODEL(admin_job);

CONSTRAINT(jobs_unique_key, "An equal job is queued or running already");
