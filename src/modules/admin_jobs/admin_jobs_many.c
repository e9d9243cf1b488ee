/* SPDX-License-Identifier: ISC */
/*
 * Retries, cancels and deletes many jobs. They are locked first, and then
 * changed, all in one transaction with one entry of the audit log.
 */

#include "modules/admin_jobs/admin_jobs_repository.h"
#include "modules/audit/audit.h"

#define COUNTED_MAX	"1000"	/* of the jobs that a retry skips */

AUDIT_ACTION(jobs_retried, "Dead or cancelled jobs were made due again: "
    "`jobs` of those that matched.");
AUDIT_ACTION(jobs_cancelled, "Jobs that waited were cancelled: `jobs` of "
    "those that matched.");
AUDIT_ACTION(jobs_deleted, "Jobs that had ended were deleted: `jobs` of those "
    "that matched.");

static const struct admin_jobs_match	*match(struct ctx *,
					    const struct admin_jobs_filter *,
					    bool) AWAITS;

static const struct admin_jobs_match *
match(struct ctx *c, const struct admin_jobs_filter *in, bool to_retry)
{
	if (in->user_id != NULL)
		return (admin_jobs_repository_match_of_user(c, in,
		    db_bool(to_retry)));
	return (admin_jobs_repository_match(c, in, db_bool(to_retry)));
}

static const char *
text_of(struct ctx *c, const struct admin_jobs_filter *in, const char *name)
{
	return (schema_text(c, schema_member(&admin_jobs_filter_schema, name),
	    in));
}

/* For the audit log: the filter, how many it changed, and their new status. */
#define FILTER(c, in, n, status_now)					\
	CHANGES({ "status", (in)->status, status_now },			\
	    { "jobs", NULL, db_int(c, n) },				\
	    { "kind", NULL, (in)->kind },				\
	    { "user_id", NULL, (in)->user_id },				\
	    { "created_since", NULL, text_of(c, in, "created_since") },	\
	    { "created_until", NULL, text_of(c, in, "created_until") },	\
	    { "finished_since", NULL, text_of(c, in, "finished_since") }, \
	    { "finished_until", NULL, text_of(c, in, "finished_until") })

static const struct admin_jobs_changed *
changed(struct ctx *c, int64_t affected, int64_t skipped, bool has_more)
{
	struct admin_jobs_changed	*out = ctx_alloc(c, sizeof(*out));

	out->affected = affected;
	out->skipped = skipped;
	out->has_more = has_more;
	return (out);
}

const struct admin_jobs_changed *
admin_jobs_many_retry(struct ctx *c, const struct admin_jobs_filter *in)
{
	const struct admin_jobs_match	*jobs;
	int64_t				 n, skipped;

	db_begin(c);
	jobs = match(c, in, true);
	n = admin_jobs_repository_retry_all(c, jobs->ids);
	skipped = admin_jobs_repository_count_blocked(c, in,
	    COUNTED_MAX)->total;
	if (n > 0)
		audit(c, jobs_retried, FILTER(c, in, n, "queued"));
	db_commit(c);
	return (changed(c, n, skipped, jobs->has_more));
}

const struct admin_jobs_changed *
admin_jobs_many_cancel(struct ctx *c, const struct admin_jobs_filter *in)
{
	const struct admin_jobs_match	*jobs;
	int64_t				 n;

	db_begin(c);
	jobs = match(c, in, false);
	n = admin_jobs_repository_cancel_all(c, jobs->ids);
	if (n > 0)
		audit(c, jobs_cancelled, FILTER(c, in, n, "cancelled"));
	db_commit(c);
	return (changed(c, n, 0, jobs->has_more));
}

const struct admin_jobs_changed *
admin_jobs_many_delete(struct ctx *c, const struct admin_jobs_filter *in)
{
	const struct admin_jobs_match	*jobs;
	int64_t				 n;

	db_begin(c);
	jobs = match(c, in, false);
	n = admin_jobs_repository_delete_all(c, jobs->ids);
	if (n > 0)
		audit(c, jobs_deleted, FILTER(c, in, n, NULL));
	db_commit(c);
	return (changed(c, n, 0, jobs->has_more));
}
