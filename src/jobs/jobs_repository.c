/* SPDX-License-Identifier: ISC */
/* Jobs in the database. */

#include "jobs/jobs_repository.h"

MIGRATION(0003_jobs);
MIGRATION(0005_jobs_runner);
QUERIES(jobs);

static const struct member	job_members[] = {
	MEMBER(job, id, T_UUID, 0),
	MEMBER(job, kind, T_STR, 0),
	MEMBER(job, payload, T_STR, 0),
	MEMBER(job, request_id, T_STR, OR_NULL),
	MEMBER(job, attempts, T_INT, 0),
	MEMBER(job, created_at, T_TIME, 0),
};

static const struct member	job_id_members[] = {
	MEMBER(job_id, id, T_UUID, 0),
};

SCHEMA(job);
SCHEMA(job_id);

QUERY(jobs, enqueue, none, id, kind, payload, unique_key, request_id);
QUERY(jobs, claim, job, runner, kinds, limit, lease_seconds);
QUERY(jobs, renew, job_id, runner, ids, lease_seconds);
QUERY(jobs, settle, none, id, runner, attempts, status, error, seconds,
    uncounted);
QUERY(jobs, schedule, none, id, kind, every);
QUERY(jobs, purge, none, days, limit);

void
jobs_repository_enqueue(struct ctx *c, const char *kind, const char *payload,
    const char *unique_key)
{
	db_exec(c, jobs_enqueue, db_uuid(c), kind, payload, unique_key,
	    *c->request_id != '\0' ? c->request_id : NULL);
}

struct job *
jobs_repository_claim(struct ctx *c, const char *runner, const char *kinds,
    unsigned limit, size_t *n)
{
	return (db_many(c, jobs_claim, n, runner, kinds, db_int(c, limit),
	    db_int(c, LEASE_MS / 1000)));
}

struct job_id *
jobs_repository_renew(struct ctx *c, const char *runner, const char *ids,
    size_t *n)
{
	return (db_many(c, jobs_renew, n, runner, ids,
	    db_int(c, LEASE_MS / 1000)));
}

bool
jobs_repository_settle(struct ctx *c, const struct attempt *a)
{
	return (db_exec(c, jobs_settle, a->job.id, a->runner,
	    db_int(c, a->job.attempts), a->status,
	    *a->why != '\0' ? a->why : NULL, ctx_printf(c, "%.3f", a->delay),
	    a->cancelled ? "1" : "0") == 1);
}

void
jobs_repository_schedule(struct ctx *c, const struct job_kind *k)
{
	db_exec(c, jobs_schedule, db_uuid(c), k->name, db_int(c, k->every));
}

int64_t
jobs_repository_purge(struct ctx *c, unsigned days, unsigned limit)
{
	return (db_exec(c, jobs_purge, db_int(c, days), db_int(c, limit)));
}
