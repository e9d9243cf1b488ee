/* SPDX-License-Identifier: ISC */
/* Reads, retries, cancels and deletes one job. */

#include <string.h>

#include "modules/admin_jobs/admin_jobs_repository.h"
#include "modules/audit/audit.h"

AUDIT_ACTION(job_retried, "A dead, cancelled or queued job was made due "
    "again.");
AUDIT_ACTION(job_cancelled, "A job that waited was cancelled.");
AUDIT_ACTION(job_deleted, "A job that had ended was deleted.");

static const struct admin_job *
found(struct ctx *c, const struct admin_job *job)
{
	if (job == NULL)
		raise_error(c, &ERR_NOT_FOUND, "Job not found");
	return (job);
}

const struct admin_job *
admin_jobs_service_get(struct ctx *c, const char *id)
{
	return (found(c, admin_jobs_repository_find(c, id)));
}

const struct admin_job *
admin_jobs_service_retry(struct ctx *c, const char *id)
{
	const struct admin_job	*before, *job;

	db_begin(c);
	before = found(c, admin_jobs_repository_lock(c, id));
	job = found(c, admin_jobs_repository_retry(c, id));
	if (strcmp(job->status, "queued") != 0)
		raise_error(c, &ERR_CONFLICT, "The job is %s: only one that "
		    "is dead, cancelled or queued can be retried",
		    job->status);
	audit(c, job_retried, .target_id = job->id,
	    CHANGES({ "status", before->status, job->status },
	    { "attempts", db_int(c, before->attempts),
	    db_int(c, job->attempts) }));
	db_commit(c);
	return (job);
}

const struct admin_job *
admin_jobs_service_cancel(struct ctx *c, const char *id)
{
	const struct admin_job	*before, *job;

	db_begin(c);
	before = found(c, admin_jobs_repository_lock(c, id));
	if (strcmp(before->status, "cancelled") == 0) {
		db_commit(c);
		return (before);
	}
	if ((job = admin_jobs_repository_cancel(c, id)) == NULL)
		raise_error(c, &ERR_CONFLICT, "The job is %s: only one that "
		    "is queued can be cancelled", before->status);
	audit(c, job_cancelled, .target_id = job->id,
	    CHANGES({ "status", before->status, job->status }));
	db_commit(c);
	return (job);
}

void
admin_jobs_service_delete(struct ctx *c, const char *id)
{
	const struct admin_job	*job;

	db_begin(c);
	job = found(c, admin_jobs_repository_lock(c, id));
	if (admin_jobs_repository_delete(c, id) == 0)
		raise_error(c, &ERR_CONFLICT, "The job is %s: only one that "
		    "is done, dead or cancelled can be deleted", job->status);
	audit(c, job_deleted, .target_id = job->id,
	    CHANGES({ "kind", job->kind, NULL },
	    { "status", job->status, NULL }));
	db_commit(c);
}
