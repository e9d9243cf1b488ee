/* SPDX-License-Identifier: ISC */
/* Mails have places of their own, and those that wait give them up. */

/* sources: src/jobs/jobs_runner.c src/jobs/jobs_turn.c */
/* sources: src/base/arena.c src/base/error_kinds.c */

#include "jobs_runner_fixture.h"

#define MAILS	2	/* places for mails */
#define WAITING	2
#define WAIT	3000

struct job_kind	letter_job = { .name = "letter", .handler = work,
		    .mails = true };

REGISTER(job_kinds, letter_job);

static int
start_lanes(void **state)
{
	jobs_settings.mails = MAILS;
	jobs_settings.waiting = WAITING;
	return (start(state));
}

static int
setup_lanes(void **state)
{
	setup(state);
	mail_job.is_told = letter_job.is_told = false;
	return (0);
}

/* So many jobs of that kind are due. */
static void
give_kind(const char *kind, unsigned n)
{
	db.kind = kind;
	give(n);
	runner_told();
	run();
}

static void
wait_for_server(unsigned n)
{
	attempts[n].waits_since = now;
}

static void
test_each_lane_asks_for_its_kinds(void **state)
{
	(void)state;
	give_kind("letter", 1);
	assert_int_equal(db.claims, 2);
	assert_string_equal(db.kinds, "{letter}");
	assert_int_equal(db.limit, MAILS);
	assert_int_equal(running(), 1);
}

/* Neither takes the places of the other. */
static void
test_full_lanes(void **state)
{
	(void)state;
	give_kind("letter", 9);
	assert_int_equal(running(), MAILS);
	give_kind("mail", 9);
	assert_int_equal(running(), MAILS + PLACES);
	/* A place that is free is for its lane. */
	db.kind = "letter";
	end(0);
	run();
	assert_int_equal(running(), MAILS + PLACES);
	assert_int_equal(db.limit, 1);
	assert_string_equal(attempts[MAILS + PLACES].kind->name, "letter");
}

static void
test_what_waits_gives_up_its_place(void **state)
{
	(void)state;
	give_kind("letter", 9);
	wait_for_server(0);
	later(WAIT - 1);
	assert_int_equal(running(), 2);
	later(1);
	assert_int_equal(running(), 3);
	later(WAIT);
	assert_int_equal(running(), 3);		/* it has moved once */

	/* When it ends, no place is free: it had none. */
	end(0);
	run();
	assert_int_equal(running(), 2);
	end(1);
	run();
	assert_int_equal(running(), 2);
}

/* What has been answered keeps its place. */
static void
test_what_has_waited_stays(void **state)
{
	(void)state;
	give_kind("letter", 9);
	wait_for_server(0);
	later(WAIT - 1);
	attempts[0].waits_since = 0;
	later(WAIT);
	assert_int_equal(running(), 2);
}

/* Mails keep their places then, and other jobs go on. */
static void
test_the_waiting_places_are_full(void **state)
{
	unsigned	 i;

	(void)state;
	give_kind("letter", 9);
	for (i = 0; i < MAILS + WAITING; i++) {
		wait_for_server(i);
		later(WAIT);
	}
	assert_int_equal(running(), MAILS + WAITING);
	later(10 * WAIT);
	assert_int_equal(running(), MAILS + WAITING);
	give_kind("mail", 1);
	assert_int_equal(running(), MAILS + WAITING + 1);

	/* One that waited ends: another moves, and a mail begins. */
	db.kind = "letter";
	give(9);
	end(0);
	run();
	assert_int_equal(running(), MAILS + WAITING);
	later(1);
	assert_int_equal(running(), MAILS + WAITING + 1);
}

static void
test_renewals_and_the_cancel_cover_all(void **state)
{
	(void)state;
	give_kind("letter", 2);
	give_kind("mail", 1);
	wait_for_server(1);
	later(WAIT);
	later(5000);
	assert_string_equal(db.ids, "{job-0,job-1,job-2}");
	runner_cancel();
	assert_true(marks[0].cancelled && marks[1].cancelled &&
	    marks[2].cancelled);
}

/* It works, in an ordinary place, and its developer is told once. */
static void
test_a_kind_that_does_not_say_that_it_mails(void **state)
{
	(void)state;
	give_kind("mail", 2);
	give_kind("letter", 1);
	later(1);
	assert_int_equal(logged.n, 0);
	wait_for_server(0);
	wait_for_server(1);
	wait_for_server(2);
	later(1);
	later(1);
	assert_int_equal(logged.n, 1);
	assert_int_equal(logged.level, LEVEL_WARNING);
	assert_non_null(strstr(logged.message, "mail sends mail"));
	assert_non_null(strstr(logged.message, ".mails = true"));
	/* It waits elsewhere too. */
	give_kind("mail", 9);
	assert_int_equal(running(), 1 + PLACES);
	later(WAIT);
	assert_int_equal(running(), 1 + PLACES + WAITING);
}

/* The last test: a runner that drains never claims again. */
static void
test_a_drain(void **state)
{
	(void)state;
	give_kind("letter", 1);
	runner_told();		/* two claims are on their way */
	assert_int_equal(runner_drain(), 3);
	run();
	assert_int_equal(runner_drain(), 1);
	wait_for_server(0);
	later(WAIT);
	assert_int_equal(runner_drain(), 1);
	end(0);
	assert_int_equal(runner_drain(), 0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup_lanes, \
			    teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_each_lane_asks_for_its_kinds),
		TEST(test_full_lanes),
		TEST(test_what_waits_gives_up_its_place),
		TEST(test_what_has_waited_stays),
		TEST(test_the_waiting_places_are_full),
		TEST(test_renewals_and_the_cancel_cover_all),
		TEST(test_a_kind_that_does_not_say_that_it_mails),
		TEST(test_a_drain),
	};

	return (cmocka_run_group_tests_name("jobs_lanes", tests, start_lanes,
	    NULL));
}
