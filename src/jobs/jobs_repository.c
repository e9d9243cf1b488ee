/* SPDX-License-Identifier: ISC */
/* Jobs in the database. */

#include "jobs/jobs_repository.h"

MIGRATION(0003_jobs);
MIGRATION(0005_jobs_runner);
MIGRATION(0019_jobs_times);
MIGRATION(0020_jobs_users);
MIGRATION(0021_job_runners);
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

static const struct member	job_counts_members[] = {
	MEMBER(job_counts, queued, T_INT, 0),
	MEMBER(job_counts, running, T_INT, 0),
	MEMBER(job_counts, dead, T_INT, 0),
	MEMBER(job_counts, oldest, T_INT, 0),
	MEMBER(job_counts, runners, T_INT, 0),
};

static const struct member	job_lease_members[] = {
	MEMBER(job_lease, id, T_UUID, OR_NULL),
	MEMBER(job_lease, run_at, T_TIME, 0),
};

static const struct member	job_left_members[] = {
	MEMBER(job_left, id, T_UUID, 0),
	MEMBER(job_left, kind, T_STR, 0),
};

static const struct member	job_round_members[] = {
	MEMBER(job_round, added, T_INT, 0),
	MEMBER(job_round, wait, T_INT, 0),
};

static const struct member	job_zone_members[] = {
	MEMBER(job_zone, known, T_BOOL, 0),
};

static const struct member	unknown_kind_members[] = {
	MEMBER(unknown_kind, kind, T_STR, 0),
	MEMBER(unknown_kind, jobs, T_INT, 0),
	MEMBER(unknown_kind, since, T_TIME, 0),
};

SCHEMA(job);
SCHEMA(job_id);
SCHEMA(job_counts);
SCHEMA(job_lease);
SCHEMA(job_left);
SCHEMA(job_round);
SCHEMA(job_zone);
SCHEMA(unknown_kind);

QUERY(jobs, enqueue, none, id, kind, payload, unique_key, user_id, request_id,
    seconds, at);
QUERY(jobs, sooner, none, kind, unique_key, seconds, at);
QUERY(jobs, claim, job, runner, kinds, limit, lease_seconds);
QUERY(jobs, renew, job_id, runner, ids, lease_seconds);
QUERY(jobs, settle, none, id, runner, attempts, status, error, seconds,
    uncounted);
QUERY(jobs, seen, none, runner, host, pid);
QUERY(jobs, count, job_counts);
QUERY(jobs, held, job_lease, limit);
QUERY(jobs, put_back, job_left, ids, leases);
QUERY(jobs, reset_waits, none, limit);
QUERY(jobs, schedule, job_round, id, kind, every);
QUERY(jobs, schedule_daily, job_round, id, kind, daily, zone);
QUERY(jobs, zone_is_known, job_zone, zone);
QUERY(jobs, unknown, unknown_kind, kinds);
QUERY(jobs, bury, none, kinds, days, limit);
QUERY(jobs, purge, none, days, limit);

void
jobs_repository_enqueue(struct ctx *c, const char *kind, const char *payload,
    const char *unique_key, const char *user_id, int64_t seconds,
    const int64_t *at)
{
	const char	*in = db_int(c, seconds);
	const char	*when = at != NULL ? db_time(c, *at) : NULL;

	if (db_exec(c, jobs_enqueue, db_uuid(c), kind, payload, unique_key,
	    user_id, *c->request_id != '\0' ? c->request_id : NULL, in,
	    when) == 0)
		db_exec(c, jobs_sooner, kind, unique_key, in, when);
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

struct job_lease *
jobs_repository_held(struct ctx *c, unsigned limit, size_t *n)
{
	return (db_many(c, jobs_held, n, db_int(c, limit)));
}

struct job_left *
jobs_repository_put_back(struct ctx *c, const char *ids, const char *leases,
    size_t *n)
{
	return (db_many(c, jobs_put_back, n, ids, leases));
}

int64_t
jobs_repository_reset_waits(struct ctx *c, unsigned limit)
{
	return (db_exec(c, jobs_reset_waits, db_int(c, limit)));
}

int64_t
jobs_repository_schedule(struct ctx *c, const struct job_kind *k)
{
	if (k->daily != NULL)
		return (db_one(c, jobs_schedule_daily, db_uuid(c), k->name,
		    k->daily, k->zone != NULL ? k->zone : "UTC")->wait);
	return (db_one(c, jobs_schedule, db_uuid(c), k->name,
	    db_int(c, k->every))->wait);
}

bool
jobs_repository_zone_is_known(struct ctx *c, const char *zone)
{
	return (db_one(c, jobs_zone_is_known, zone)->known);
}

struct unknown_kind *
jobs_repository_unknown(struct ctx *c, const char *kinds, size_t *n)
{
	return (db_many(c, jobs_unknown, n, kinds));
}

int64_t
jobs_repository_bury(struct ctx *c, const char *kinds, unsigned days,
    unsigned limit)
{
	return (db_exec(c, jobs_bury, kinds, db_int(c, days),
	    db_int(c, limit)));
}

void
jobs_repository_seen(struct ctx *c, const char *runner, const char *host,
    int64_t pid)
{
	db_exec(c, jobs_seen, runner, host, db_int(c, pid));
}

struct job_counts *
jobs_repository_count(struct ctx *c)
{
	return (db_one(c, jobs_count));
}

int64_t
jobs_repository_purge(struct ctx *c, unsigned days, unsigned limit)
{
	return (db_exec(c, jobs_purge, db_int(c, days), db_int(c, limit)));
}
