/* SPDX-License-Identifier: ISC */
/* The schemas of responses about jobs. */

#include "modules/admin_jobs/admin_jobs.h"

static const struct member	admin_job_list_members[] = {
	LIST(admin_job_list, items, admin_job),
	PAGE_FIELDS(admin_job_list),
};

static const struct member	admin_job_cursor_list_members[] = {
	LIST(admin_job_cursor_list, items, admin_job),
	CURSOR_FIELDS(admin_job_cursor_list),
};

SCHEMA(admin_job_list);
SCHEMA(admin_job_cursor_list);
