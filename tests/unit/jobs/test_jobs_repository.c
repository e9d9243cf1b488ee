/* SPDX-License-Identifier: ISC */
/* The parameters of each statement about jobs. */

/* sources: src/jobs/jobs_repository.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "jobs/jobs_repository.h"

#define UUID	"a new id"

/* The migrations and statements that the file compiles in. */
extern const unsigned char	asset_0003_jobs_sql[];
extern const unsigned char	asset_0005_jobs_runner_sql[];
extern const unsigned char	asset_0021_job_runners_sql[];
extern const unsigned char	asset_0019_jobs_times_sql[];
extern const unsigned char	asset_0020_jobs_users_sql[];
extern const unsigned char	asset_jobs_sql[];

const unsigned char	asset_0003_jobs_sql[] = "";
const unsigned char	asset_0005_jobs_runner_sql[] = "";
const unsigned char	asset_0021_job_runners_sql[] = "";
const unsigned char	asset_0019_jobs_times_sql[] = "";
const unsigned char	asset_0020_jobs_users_sql[] = "";
const unsigned char	asset_jobs_sql[] = "";

struct schema	none_schema = { .name = "none" };

static struct ctx	c;
static char		sent[512];	/* the statement and its parameters */
static int64_t		touched;
static struct job	job;

static void
keep(const struct query *q, const char *const *params, size_t n)
{
	size_t	 i, len;

	snprintf(sent, sizeof(sent), "%s", q->name);
	for (i = 0; i < n; i++) {
		len = strlen(sent);
		snprintf(sent + len, sizeof(sent) - len, " %s",
		    params[i] != NULL ? params[i] : "NULL");
	}
}

int64_t
db_query_exec(struct ctx *ctx, const struct query *q, const void *from,
    const char *const *params, size_t n)
{
	assert_null(from);
	assert_ptr_equal(ctx, &c);
	keep(q, params, n);
	return (touched);
}

void *
db_query_many(struct ctx *ctx, const struct query *q, size_t *nrows,
    const void *from, const char *const *params, size_t n)
{
	assert_null(from);
	assert_ptr_equal(ctx, &c);
	keep(q, params, n);
	*nrows = 3;
	return (&job);
}

const char *
db_int(struct ctx *ctx, int64_t n)
{
	return (ctx_printf(ctx, "%lld", (long long)n));
}

const char *
db_time(struct ctx *ctx, int64_t us)
{
	return (ctx_printf(ctx, "@%lld", (long long)us));
}

void *
db_query_one(struct ctx *ctx, const struct query *q, const void *from,
    const char *const *params, size_t n)
{
	static struct job_round	 round = { .added = 1, .wait = 77 };
	static struct job_zone	 zone = { .known = true };
	static struct job_counts	 counts = { .dead = 3 };

	assert_null(from);
	assert_ptr_equal(ctx, &c);
	keep(q, params, n);
	if (strcmp(q->name, "jobs.zone_is_known") == 0)
		return (&zone);
	if (strcmp(q->name, "jobs.count") == 0)
		return (&counts);
	return (&round);
}

const char *
db_uuid(struct ctx *ctx)
{
	assert_ptr_equal(ctx, &c);
	return (UUID);
}

char *
ctx_printf(struct ctx *ctx, const char *fmt, ...)
{
	static char	 texts[8][32];
	static unsigned	 turn;
	char		*text = texts[turn++ % 8];
	va_list		 ap;

	assert_ptr_equal(ctx, &c);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(texts[0]), fmt, ap);
	va_end(ap);
	return (text);
}

static void
test_enqueue(void **state)
{
	int64_t	 at = 1234;

	(void)state;
	touched = 1;
	jobs_repository_enqueue(&c, "kind", "{}", "key", "user", 0, NULL);
	assert_string_equal(sent, "jobs.enqueue " UUID " kind {} key user "
	    "NULL 0 NULL");
	strcpy(c.request_id, "r");
	jobs_repository_enqueue(&c, "kind", "{}", NULL, NULL, 60, NULL);
	assert_string_equal(sent, "jobs.enqueue " UUID " kind {} NULL NULL "
	    "r 60 NULL");
	jobs_repository_enqueue(&c, "kind", "{}", NULL, NULL, 0, &at);
	assert_string_equal(sent, "jobs.enqueue " UUID " kind {} NULL NULL "
	    "r 0 @1234");
	touched = 0;			/* there is an equal one */
	jobs_repository_enqueue(&c, "kind", "{}", "key", NULL, 60, NULL);
	assert_string_equal(sent, "jobs.sooner kind key 60 NULL");
}

/* A lease of the database is as long as the runner's. */
static void
test_leases(void **state)
{
	size_t	 n = 0;

	(void)state;
	assert_ptr_equal(jobs_repository_claim(&c, "me", "{a,b}", 7, &n),
	    &job);
	assert_string_equal(sent, "jobs.claim me {a,b} 7 20");
	assert_int_equal(n, 3);
	assert_ptr_equal(jobs_repository_renew(&c, "me", "{1,2}", &n), &job);
	assert_string_equal(sent, "jobs.renew me {1,2} 20");
	assert_int_equal(LEASE_MS, 20 * 1000);
}

static void
test_settle(void **state)
{
	static struct attempt	 a = {
		.job = { .id = "id", .attempts = 4 }, .runner = "me",
		.status = "done",
	};

	(void)state;
	touched = 1;
	assert_true(jobs_repository_settle(&c, &a));
	assert_string_equal(sent, "jobs.settle id me 4 done NULL 0.000 0");
	a.status = "queued";
	a.delay = 7.2504;
	strcpy(a.why, "451");
	assert_true(jobs_repository_settle(&c, &a));
	assert_string_equal(sent, "jobs.settle id me 4 queued 451 7.250 0");
	a.cancelled = true;
	touched = 0;
	assert_false(jobs_repository_settle(&c, &a));
	assert_string_equal(sent, "jobs.settle id me 4 queued 451 7.250 1");
}

static void
test_schedule_and_purge(void **state)
{
	static const struct job_kind	 kind = {
		.name = "hourly", .every = 3600
	};
	static struct job_kind		 daily = {
		.name = "nightly", .daily = "03:30", .zone = "Europe/Berlin"
	};

	(void)state;
	assert_int_equal(jobs_repository_schedule(&c, &kind), 77);
	assert_string_equal(sent, "jobs.schedule " UUID " hourly 3600");
	assert_int_equal(jobs_repository_schedule(&c, &daily), 77);
	assert_string_equal(sent, "jobs.schedule_daily " UUID " nightly 03:30 "
	    "Europe/Berlin");
	daily.zone = NULL;
	jobs_repository_schedule(&c, &daily);
	assert_string_equal(sent, "jobs.schedule_daily " UUID " nightly 03:30 "
	    "UTC");
	assert_true(jobs_repository_zone_is_known(&c, "a/b"));
	assert_string_equal(sent, "jobs.zone_is_known a/b");
	touched = 12;
	assert_int_equal(jobs_repository_purge(&c, 7, 1000), 12);
	assert_string_equal(sent, "jobs.purge 7 1000");
}

/* Of leases and of kinds that nobody knows. */
static void
test_what_is_left(void **state)
{
	size_t	 n = 0;

	(void)state;
	jobs_repository_held(&c, 9, &n);
	assert_string_equal(sent, "jobs.held 9");
	assert_int_equal(n, 3);
	n = 0;
	jobs_repository_put_back(&c, "{1,2}", "{3,4}", &n);
	assert_string_equal(sent, "jobs.put_back {1,2} {3,4}");
	assert_int_equal(n, 3);
	touched = 5;
	assert_int_equal(jobs_repository_reset_waits(&c, 1000), 5);
	assert_string_equal(sent, "jobs.reset_waits 1000");
	n = 0;
	jobs_repository_unknown(&c, "{a,b}", &n);
	assert_string_equal(sent, "jobs.unknown {a,b}");
	assert_int_equal(n, 3);
	assert_int_equal(jobs_repository_bury(&c, "{a,b}", 7, 1000), 5);
	assert_string_equal(sent, "jobs.bury {a,b} 7 1000");
}

static void
test_signs_of_life(void **state)
{
	(void)state;
	jobs_repository_seen(&c, "runner", "a host", 12);
	assert_string_equal(sent, "jobs.seen runner a host 12");
	assert_int_equal(jobs_repository_count(&c)->dead, 3);
	assert_string_equal(sent, "jobs.count");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_enqueue),
		cmocka_unit_test(test_signs_of_life),
		cmocka_unit_test(test_leases),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_schedule_and_purge),
		cmocka_unit_test(test_what_is_left),
	};

	return (cmocka_run_group_tests_name("jobs_repository", tests, NULL,
	    NULL));
}
