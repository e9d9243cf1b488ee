/* SPDX-License-Identifier: ISC */
/* Lists and retries jobs. */

#include <string.h>

#include "modules/admin_jobs/admin_jobs_repository.h"
#include "modules/audit/audit.h"

AUDIT_ACTION(job_retried, "A dead or queued job was made due again.");

const struct admin_job *
admin_jobs_service_retry(struct ctx *c, const char *id)
{
	const struct admin_job	*before, *job;

	db_begin(c);
	if ((before = admin_jobs_repository_lock(c, id)) == NULL ||
	    (job = admin_jobs_repository_retry(c, id)) == NULL)
		raise_error(c, &ERR_NOT_FOUND, "Job not found");
	if (strcmp(job->status, "queued") != 0)
		raise_error(c, &ERR_CONFLICT, "The job is %s: only one that "
		    "is dead or queued can be retried", job->status);
	audit(c, job_retried, .target_id = job->id,
	    CHANGES({ "status", before->status, job->status },
	    { "attempts", db_int(c, before->attempts),
	    db_int(c, job->attempts) }));
	db_commit(c);
	return (job);
}
