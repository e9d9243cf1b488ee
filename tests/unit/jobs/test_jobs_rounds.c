/* SPDX-License-Identifier: ISC */
/* When the database is asked for rounds; the database is a fake. */

/* sources: src/jobs/jobs_rounds.c src/base/error_kinds.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "jobs/jobs_repository.h"
#include "jobs/rounds.h"
#include "jobs/runner.h"

#define ASK	60000
#define AGAIN	2000
#define HOUR	3600000

static struct job_kind	mail_job = { .name = "mail" };
static struct job_kind	hourly_job = { .name = "hourly", .every = 3600 };
static struct job_kind	nightly_job = {
	.name = "nightly", .file = "x.c", .daily = "03:30"
};

REGISTER(job_kinds, mail_job);
REGISTER(job_kinds, hourly_job);
REGISTER(job_kinds, nightly_job);

static uint64_t	now;
static int64_t	wait;		/* until the next round */
static bool	knows_zone;
static bool	fails;
static unsigned	asked, asked_zone, lines;
static char	message[256];
static jmp_buf	raised;

uint64_t
coro_now_ms(void)
{
	return (now);
}

int64_t
jobs_repository_schedule(struct ctx *c, const struct job_kind *k)
{
	(void)c;
	assert_true(k == &hourly_job || k == &nightly_job);
	asked++;
	if (fails)
		longjmp(raised, 1);
	now += 5;		/* it takes a while */
	return (wait);
}

bool
jobs_repository_zone_is_known(struct ctx *c, const char *zone)
{
	(void)c;
	assert_string_equal(zone, "Europe/Berlin");
	asked_zone++;
	return (knows_zone);
}

void
log_event(enum log_level level, const char *request_id, const char *event,
    const char *fmt, ...)
{
	va_list	 ap;

	assert_int_equal(level, LEVEL_ERROR);
	assert_null(request_id);
	assert_string_equal(event, "jobs");
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	lines++;
}

/* Only the nightly one is due, until a test says so. */
static int
setup(void **state)
{
	(void)state;
	now = 1000000;
	wait = 10 * HOUR;
	knows_zone = fails = false;
	asked = asked_zone = lines = 0;
	hourly_job.ask_at = UINT64_MAX;
	nightly_job.ask_at = 0;
	nightly_job.zone = NULL;
	nightly_job.zone_known = false;
	return (0);
}

static void
ask(void)
{
	struct ctx	 c = { .path = "" };

	if (setjmp(raised) == 0)
		rounds_schedule(&c);
}

static void
test_who_has_rounds(void **state)
{
	(void)state;
	assert_false(rounds_has(&mail_job));
	assert_true(rounds_has(&hourly_job));
	assert_true(rounds_has(&nightly_job));
}

static void
test_at_least_every_minute(void **state)
{
	(void)state;
	assert_true(rounds_are_due(now));
	ask();
	assert_int_equal(asked, 1);
	assert_int_equal(nightly_job.ask_at, 1000000 + ASK);
	assert_false(rounds_are_due(nightly_job.ask_at - 1));
	assert_true(rounds_are_due(nightly_job.ask_at));
	now = nightly_job.ask_at - 1;
	ask();
	assert_int_equal(asked, 1);
	now++;
	ask();
	assert_int_equal(asked, 2);
}

/* Counted from the answer: not before it. */
static void
test_when_the_next_round_begins(void **state)
{
	static const struct {
		int64_t		 wait;
		uint64_t	 ask_in;
	} table[] = {
		{ 30000, 30005 }, { ASK - 1, ASK + 4 }, { ASK, ASK },
		{ 1, 6 }, { 0, 6 }, { -7, 6 },
	};
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		setup(NULL);
		wait = table[i].wait;
		ask();
		assert_int_equal(nightly_job.ask_at, 1000000 +
		    table[i].ask_in);
	}
}

static void
test_each_kind_that_is_due(void **state)
{
	(void)state;
	hourly_job.ask_at = now;
	ask();
	assert_int_equal(asked, 2);
	assert_int_equal(mail_job.ask_at, 0);
	assert_false(rounds_are_due(now));
	hourly_job.ask_at = now;
	assert_true(rounds_are_due(now));
	ask();
	assert_int_equal(asked, 3);
}

/* A failure ends the turn; the next asks for the others. */
static void
test_a_failure(void **state)
{
	(void)state;
	hourly_job.ask_at = 0;
	fails = true;
	ask();
	assert_int_equal(asked, 1);
	assert_true(rounds_are_due(now));
	ask();
	assert_int_equal(asked, 2);
	assert_false(rounds_are_due(now));
	assert_int_equal(hourly_job.ask_at, now + AGAIN);
	assert_int_equal(nightly_job.ask_at, now + AGAIN);
}

static void
test_a_zone_that_is_known(void **state)
{
	(void)state;
	nightly_job.zone = "Europe/Berlin";
	knows_zone = true;
	ask();
	now = nightly_job.ask_at;
	ask();
	assert_int_equal(asked, 2);
	assert_int_equal(asked_zone, 1);
	assert_int_equal(lines, 0);
}

/* Each hour a line, since the database may be given new zones. */
static void
test_a_zone_that_is_unknown(void **state)
{
	(void)state;
	nightly_job.zone = "Europe/Berlin";
	ask();
	assert_int_equal(asked, 0);
	assert_int_equal(lines, 1);
	assert_string_equal(message, "x.c: the job nightly has no rounds: the "
	    "database knows no time zone \"Europe/Berlin\" (pg_timezone_names "
	    "lists all)");
	assert_int_equal(nightly_job.ask_at, now + HOUR);
	knows_zone = true;
	now = nightly_job.ask_at;
	ask();
	assert_int_equal(asked, 1);
	assert_int_equal(lines, 1);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_who_has_rounds),
		TEST(test_at_least_every_minute),
		TEST(test_when_the_next_round_begins),
		TEST(test_each_kind_that_is_due),
		TEST(test_a_failure),
		TEST(test_a_zone_that_is_known),
		TEST(test_a_zone_that_is_unknown),
	};

	return (cmocka_run_group_tests_name("jobs_rounds", tests, NULL, NULL));
}
