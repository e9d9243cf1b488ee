/* SPDX-License-Identifier: ISC */
/* The queries on jobs, for admins. */

#define DEFINE_QUERIES
#include "modules/admin_jobs/admin_jobs_repository.h"

QUERIES(admin_jobs);
