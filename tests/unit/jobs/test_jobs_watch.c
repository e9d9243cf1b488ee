/* SPDX-License-Identifier: ISC */
/* Which leases a runner takes for dead, and what it makes of the database's
 * clock; the database is a fake. */

/* sources: src/jobs/jobs_watch.c src/base/arena.c src/base/error_kinds.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_repository.h"
#include "jobs/watch.h"

#define LOOK	2000
#define MINUTE	60000
#define SECOND	1000000		/* of the database's clock */
#define ROWS	8

static uint64_t	now = 50000;		/* by coro_now_ms() */
static int64_t	clock_now = 7000 * INT64_C(1000000);

static struct {
	struct job_lease	 rows[ROWS];
	size_t			 n;
	uint64_t		 takes;		/* ms to answer */
	char			 ids[256], leases[256];
	unsigned		 looks, put_back, resets, told;
	int64_t			 too_long;	/* waits to be reset */
	bool			 fails;		/* a reset does */
} db;

static bool	no_memory;
static unsigned	lines;
static char	message[256];
static jmp_buf	raised;
static unsigned	failures;

uint64_t
coro_now_ms(void)
{
	return (now);
}

void *
mem_alloc(size_t len)
{
	return (malloc(len));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (no_memory ? NULL : calloc(n, len));
}

void
mem_free(void *p)
{
	free(p);
}

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	(void)c;
	(void)kind;
	(void)fmt;
	longjmp(raised, 1);
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;

	assert_int_equal(level, LEVEL_WARNING);
	assert_null(request_id);
	assert_true(strcmp(event, "lease") == 0 || strcmp(event, "jobs") == 0);
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	lines++;
}

const char *
db_time(struct ctx *c, int64_t us)
{
	static char	 texts[ROWS][32];
	static unsigned	 turn;
	char		*text = texts[turn++ % ROWS];

	(void)c;
	snprintf(text, sizeof(texts[0]), "%lld", (long long)us);
	return (text);
}

struct job_lease *
jobs_repository_held(struct ctx *c, unsigned limit, size_t *n)
{
	static struct job_lease	 rows[ROWS + 1];

	(void)c;
	assert_int_equal(limit, 2000);
	db.looks++;
	memcpy(rows, db.rows, sizeof(db.rows));
	rows[db.n].id = NULL;
	rows[db.n].run_at = clock_now;
	*n = db.n + 1;
	now += db.takes;
	clock_now += 1000 * (int64_t)db.takes;
	return (rows);
}

struct job_left *
jobs_repository_put_back(struct ctx *c, const char *ids, const char *leases,
    size_t *n)
{
	static struct job_left	 left = { "job-1", "mail" };

	(void)c;
	db.put_back++;
	snprintf(db.ids, sizeof(db.ids), "%s", ids);
	snprintf(db.leases, sizeof(db.leases), "%s", leases);
	*n = strcmp(ids, "{gone}") != 0;
	return (&left);
}

int64_t
jobs_repository_reset_waits(struct ctx *c, unsigned limit)
{
	int64_t	 n = db.too_long < limit ? db.too_long : limit;

	db.resets++;
	if (db.fails)
		raise_error(c, &ERR_UNAVAILABLE, "away");
	db.too_long -= n;
	return (n);
}

/* This much later it looks. */
static void
later(uint64_t ms)
{
	struct ctx	 c = { .path = "" };

	now += ms;
	clock_now += 1000 * (int64_t)ms;
	if (setjmp(raised) == 0)
		db.told += watch_jobs(&c);
	else
		failures++;
	arena_free(&c.arena, false);
}

/* It looks every two seconds until then. */
static void
after(uint64_t ms)
{
	for (; ms > LOOK; ms -= LOOK)
		later(LOOK);
	later(ms);
}

static void
hold(size_t i, const char *id, int64_t lease)
{
	db.rows[i].id = id;
	db.rows[i].run_at = lease;
	if (db.n < i + 1)
		db.n = i + 1;
}

/* It has just looked, when there was no lease. */
static int
setup(void **state)
{
	(void)state;
	memset(&db, 0, sizeof(db));
	later(MINUTE);
	memset(&db, 0, sizeof(db));
	lines = failures = 0;
	message[0] = '\0';
	return (0);
}

/* The first test: the runner has just started. */
static void
test_it_looks_every_two_seconds(void **state)
{
	(void)state;
	assert_true(watch_is_due(now));
	db.too_long = 1;
	later(0);
	assert_int_equal(db.resets, 1);	/* waits from before it started */
	assert_int_equal(db.too_long, 0);
	assert_false(watch_is_due(now + LOOK - 1));
	assert_true(watch_is_due(now + LOOK));
	assert_int_equal(lines, 0);
}

static void
test_a_lease_that_stands_still(void **state)
{
	(void)state;
	hold(0, "job-2", 300);
	hold(1, "job-1", 100);
	later(0);
	after(LEASE_MS - 1);
	assert_int_equal(db.put_back, 0);
	hold(0, "job-2", 301);		/* it is renewed */
	later(1);
	assert_int_equal(db.put_back, 1);
	assert_string_equal(db.ids, "{job-1}");
	assert_string_equal(db.leases, "{100}");
	assert_int_equal(db.told, 1);
	assert_int_equal(lines, 1);
	assert_string_equal(message, "the job job-1 (mail) is put back: its "
	    "runner has not renewed the lease for 20 seconds");

	db.n = 1;			/* job-1 has been put back */
	after(LEASE_MS - 1);
	assert_int_equal(db.put_back, 1);
	later(1);
	assert_int_equal(db.put_back, 2);
	assert_string_equal(db.ids, "{job-2}");
	assert_string_equal(db.leases, "{301}");
}

/* While the database was away, nobody could renew. */
static void
test_after_an_outage(void **state)
{
	(void)state;
	hold(0, "a", 100);
	later(0);
	later(LOOK);
	later(LEASE_MS / 2);
	after(LEASE_MS - 1);
	assert_int_equal(db.put_back, 0);
	later(1);
	assert_int_equal(db.put_back, 1);
}

/* Somebody else was faster. */
static void
test_a_lease_that_is_gone(void **state)
{
	(void)state;
	hold(0, "gone", 100);
	later(0);
	after(LEASE_MS);
	assert_int_equal(db.put_back, 1);
	assert_int_equal(db.told + lines, 0);
}

static void
test_several_at_once(void **state)
{
	(void)state;
	hold(0, "b", 1);
	hold(1, "c", 2);
	hold(2, "a", 3);
	later(0);
	hold(1, "d", 2);
	after(LEASE_MS);
	assert_string_equal(db.ids, "{a,b}");
	assert_string_equal(db.leases, "{3,1}");
}

/* Its runner may have stored it only just before the answer. */
static void
test_a_lease_is_seen_at_the_answer(void **state)
{
	(void)state;
	hold(0, "a", 1);
	db.takes = 700;
	later(0);
	db.takes = 0;
	after(LEASE_MS - 1);
	assert_int_equal(db.put_back, 0);
	later(1);
	assert_int_equal(db.put_back, 1);
}

/* Whatever the database's clock says. */
static void
test_leases_by_another_clock(void **state)
{
	(void)state;
	hold(0, "a", clock_now + 20 * SECOND);
	later(0);
	clock_now += 3600 * (int64_t)SECOND;
	after(LEASE_MS - 1);
	assert_int_equal(db.put_back, 0);
	clock_now -= 7200 * (int64_t)SECOND;
	later(1);
	assert_int_equal(db.put_back, 1);
}

static void
test_waits_are_looked_for_every_minute(void **state)
{
	(void)state;
	later(MINUTE - 1);
	assert_int_equal(db.resets, 0);
	db.too_long = 2000;
	later(1);
	assert_int_equal(db.resets, 3);		/* 1,000 at once */
	assert_int_equal(db.told, 1);
	assert_int_equal(lines, 0);
	later(MINUTE);
	assert_int_equal(db.resets, 4);
}

static void
test_a_clock_that_is_set_back(void **state)
{
	(void)state;
	later(LOOK);
	clock_now -= SECOND;
	later(LOOK);
	assert_int_equal(db.resets + lines, 0);
	clock_now -= SECOND + 1;
	later(LOOK);
	assert_int_equal(db.resets, 1);
	assert_int_equal(db.told, 1);
	assert_string_equal(message, "the database's clock was set back by "
	    "about 1 seconds: jobs that wait do not wait for longer");
	later(LOOK);
	assert_int_equal(db.resets, 1);
	assert_int_equal(lines, 1);
	clock_now -= 3600 * (int64_t)SECOND;
	later(LOOK);
	assert_int_equal(db.resets, 2);
	assert_int_equal(lines, 2);
	assert_non_null(strstr(message, "3600 seconds"));
	clock_now += 7200 * (int64_t)SECOND;
	later(LOOK);
	assert_int_equal(db.resets, 2);
	assert_int_equal(lines, 2);
}

/* An answer that was late is no clock that was set back. */
static void
test_a_late_answer(void **state)
{
	(void)state;
	db.takes = 30000;
	later(LOOK);
	db.takes = 0;
	later(LOOK);
	assert_int_equal(lines, 0);
}

static void
test_a_reset_that_fails_is_repeated(void **state)
{
	(void)state;
	db.fails = true;
	clock_now -= 3600 * (int64_t)SECOND;
	later(LOOK);
	later(LOOK);
	assert_int_equal(failures, 2);
	assert_int_equal(db.resets, 2);
	assert_int_equal(lines, 1);
	db.fails = false;
	later(LOOK);
	later(LOOK);
	assert_int_equal(db.resets, 3);
}

static void
test_without_memory(void **state)
{
	(void)state;
	hold(0, "a", 1);
	later(0);
	after(LEASE_MS - LOOK);
	no_memory = true;
	later(LOOK);
	no_memory = false;
	assert_int_equal(failures, 1);
	assert_int_equal(db.put_back, 0);
	later(LOOK);
	assert_int_equal(db.put_back, 1);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_it_looks_every_two_seconds),
		TEST(test_a_lease_that_stands_still),
		TEST(test_after_an_outage),
		TEST(test_a_lease_that_is_gone),
		TEST(test_several_at_once),
		TEST(test_a_lease_is_seen_at_the_answer),
		TEST(test_leases_by_another_clock),
		TEST(test_waits_are_looked_for_every_minute),
		TEST(test_a_clock_that_is_set_back),
		TEST(test_a_late_answer),
		TEST(test_a_reset_that_fails_is_repeated),
		TEST(test_without_memory),
	};

	return (cmocka_run_group_tests_name("jobs_watch", tests, NULL, NULL));
}
