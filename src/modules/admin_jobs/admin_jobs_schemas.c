/* SPDX-License-Identifier: ISC */
/* The schemas of responses about jobs. */

#include "modules/admin_jobs/admin_jobs.h"

static const struct field	admin_job_fields[] = {
	FIELD(admin_job, id, T_UUID, 0, NULL),
	FIELD(admin_job, kind, T_STR, 0, NULL,
	    .example = "send_welcome_email"),
	FIELD(admin_job, payload, T_JSON, 0, NULL,
	    .example = "{\"id\": \"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55\"}"),
	FIELD(admin_job, status, T_STR, 0, "v_job_status",
	    .example = "dead"),
	FIELD(admin_job, attempts, T_INT, 0, NULL, .example = "20"),
	FIELD(admin_job, error, T_STR, NULLABLE, NULL,
	    .example = "The mail server refused the address"),
	FIELD(admin_job, request_id, T_STR, NULLABLE, NULL,
	    .example = "0f8fad5b-d9cb-469f-a165-70867728950e"),
	FIELD(admin_job, run_at, T_TIME, 0, NULL),
	FIELD(admin_job, created_at, T_TIME, 0, NULL),
	FIELD(admin_job, finished_at, T_TIME, NULLABLE, NULL),
};

static const struct field	admin_job_list_fields[] = {
	LIST(admin_job_list, items, admin_job),
	PAGE_FIELDS(admin_job_list),
};

static const struct field	admin_job_cursor_list_fields[] = {
	LIST(admin_job_cursor_list, items, admin_job),
	CURSOR_FIELDS(admin_job_cursor_list),
};

SCHEMA(admin_job);
SCHEMA(admin_job_list);
SCHEMA(admin_job_cursor_list);
