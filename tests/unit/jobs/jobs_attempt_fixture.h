/* SPDX-License-Identifier: ISC */
/*
 * What surrounds an attempt in its tests: a database that notes the outcome,
 * two kinds of job, and the beginning of an attempt.
 */

#ifndef TESTS_JOBS_ATTEMPT_FIXTURE_H
#define TESTS_JOBS_ATTEMPT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "jobs/jobs_metrics.h"
#include "jobs/jobs_repository.h"

#define ID	"01890000-0000-7000-8000-000000000001"

/* What the database was given, and its result. */
static struct {
	unsigned	 times;
	char		 status[20];
	char		 why[512];
	double		 delay;
	bool		 cancelled;
	unsigned	 fails;		/* how often it fails first */
	bool		 is_ours;
	bool		 began, committed;
} database;

static struct attempt	*running;	/* NULL: its slot is free */

bool
jobs_repository_settle(struct ctx *c, const struct attempt *a)
{
	assert_string_equal(a->runner, "me");
	assert_string_equal(a->job.id, ID);
	database.times++;
	if (database.fails > 0) {
		database.fails--;
		raise_error(c, &ERR_UNAVAILABLE, "no database");
	}
	strcpy(database.status, a->status);
	strcpy(database.why, a->why);
	database.delay = a->delay;
	database.cancelled = a->cancelled;
	return (database.is_ours);
}

static void
ended(struct attempt *a)
{
	assert_ptr_equal(a, running);
	running = NULL;
}

/* How the last attempt ended, for the metrics. */
static enum job_outcome	outcome;

void
jobs_metrics_count(const struct job_kind *k, enum job_outcome how, uint64_t ms)
{
	assert_non_null(k);
	assert_true(ms <= 200000);
	outcome = how;
}

static int	transaction;

void
db_begin(struct ctx *c)
{
	database.began = true;
	c->transaction = (struct db_conn *)(void *)&transaction;
}

void
db_commit(struct ctx *c)
{
	database.committed = true;
	c->transaction = NULL;
}

static void
schedule(void)
{
}

static int
setup(void **state)
{
	(void)state;
	coro_init(8, schedule);
	log_init(LEVEL_ERROR + 1, FORMAT_JSON);
	memset(&database, 0, sizeof(database));
	database.is_ours = true;
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

static char	seen[REQUEST_ID_MAX + 1];

static void
work(struct ctx *c)
{
	strcpy(seen, c->request_id);
}

static void	sleep_long(struct ctx *) AWAITS;

static void
sleep_long(struct ctx *c)
{
	while (ctx_wait(c, 3600000))
		;
	raise_error(c, &ERR_UNAVAILABLE, "still asleep");
}

#define KIND(fn, ...)	static const struct job_kind fn##_kind = {	\
	.name = #fn, .handler = fn, .attempts = 3, .backoff = 10,	\
	.backoff_max = 60, .timeout = 60, ##__VA_ARGS__ }

KIND(work);
KIND(sleep_long);

/* Begins an attempt at a job that was claimed `ago` ms ago. */
static void
begin(const struct job_kind *kind, int64_t attempt, uint64_t ago)
{
	struct job	 job = {
		.id = ID, .kind = kind->name, .payload = "{}",
		.request_id = "asked", .attempts = attempt,
	};

	running = attempt_start(&job, kind, coro_now_ms() - ago, "me",
	    ended);
	assert_non_null(running);
	coro_run();
}

static void
assert_told(const char *status, const char *why)
{
	assert_null(running);
	assert_int_equal(database.times, 1);
	assert_string_equal(database.status, status);
	assert_string_equal(database.why, why);
	assert_int_equal(outcome, strcmp(status, "done") == 0 ? OUTCOME_DONE :
	    strcmp(status, "dead") == 0 ? OUTCOME_DEAD :
	    strstr(why, "The runner was stopped") != NULL ?
	    OUTCOME_RELEASED : OUTCOME_FAILED);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
