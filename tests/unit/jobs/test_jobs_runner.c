/* SPDX-License-Identifier: ISC */
/* When a runner claims, renews, looks for rounds and leases, and ends; its
 * database is a fake that can be late, fail and hand over any job. */

/* sources: src/jobs/jobs_runner.c src/jobs/jobs_turn.c */
/* sources: src/base/arena.c src/base/error_kinds.c */

#include "jobs_runner_fixture.h"

#define POLL	2000
#define RENEW	5000
#define LEASE	20000

static void
test_every_kind_is_asked_for(void **state)
{
	(void)state;
	later(POLL);
	assert_int_equal(db.claims, 1);
	assert_true(db.kinds[0] == '{' &&
	    db.kinds[strlen(db.kinds) - 1] == '}');
	assert_int_equal(strlen(db.kinds), strlen("{mail,hourly,daily}"));
	assert_non_null(strstr(db.kinds, "mail"));
	assert_non_null(strstr(db.kinds, "hourly"));
	assert_non_null(strstr(db.kinds, "daily"));
	assert_int_equal(strlen(db.runner), 36);
}

static void
test_it_polls_every_two_seconds(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 1; i <= 3; i++) {
		later(POLL - 1);
		assert_int_equal(db.claims, i - 1);
		later(1);
		assert_int_equal(db.claims, i);
		assert_int_equal(db.limit, 4);
	}
}

/* And not twice, however often it is told. */
static void
test_it_claims_when_it_is_told(void **state)
{
	(void)state;
	runner_told();
	runner_told();
	assert_int_equal(db.claims, 0);
	run();
	assert_int_equal(db.claims, 1);
	later(10);
	assert_int_equal(db.claims, 1);
	/* While the claim runs: a job may have come too late for it. */
	db.told_meanwhile = true;
	runner_told();
	run();
	assert_int_equal(db.claims, 3);
}

static void
test_it_claims_for_the_room_that_it_has(void **state)
{
	(void)state;
	give(3);
	runner_told();
	run();
	assert_int_equal(db.limit, 4);
	assert_int_equal(running(), 3);
	runner_told();
	run();
	assert_int_equal(db.limit, 1);
	assert_int_equal(db.claims, 2);

	/* The claim got less than there was room for: the next is a poll. */
	end(0);
	run();
	assert_int_equal(db.claims, 2);
	later(POLL);
	assert_int_equal(db.claims, 3);
	assert_int_equal(db.limit, 2);
}

/* A claim that used all room is followed by another at once. */
static void
test_a_full_runner_claims_when_a_place_is_free(void **state)
{
	(void)state;
	give(9);
	runner_told();
	run();
	assert_int_equal(running(), 4);
	assert_int_equal(db.claims, 1);
	end(1);
	end(2);
	assert_int_equal(db.claims, 1);
	run();
	assert_int_equal(db.claims, 2);
	assert_int_equal(db.limit, 2);
	assert_int_equal(running(), 4);
	later(POLL);
	runner_told();
	run();
	assert_int_equal(db.claims, 2);
}

static void
test_an_attempt_is_as_old_as_its_claim(void **state)
{
	uint64_t	 asked = now;

	(void)state;
	give(1);
	db.takes = 700;
	runner_told();
	run();
	assert_int_equal(now, asked + 700);
	assert_int_equal(attempts[0].began, asked);
	assert_string_equal(attempts[0].runner, db.runner);
	assert_string_equal(attempts[0].kind->name, "mail");
	db.takes = 0;
	later(POLL - 701);
	assert_int_equal(db.claims, 1);
	later(1);
	assert_int_equal(db.claims, 2);
}

static void
test_an_earlier_attempt_at_the_same_job_is_disowned(void **state)
{
	(void)state;
	give(2);
	runner_told();
	run();
	db.next = 1;		/* the second job, again */
	give(1);
	runner_told();
	run();
	assert_int_equal(running(), 3);
	assert_false(marks[0].disowned);
	assert_true(marks[1].disowned);
	assert_false(marks[2].disowned);
}

static void
test_leases_are_renewed_every_five_seconds(void **state)
{
	uint64_t	 asked;

	(void)state;
	later(2 * RENEW);
	assert_int_equal(db.renewals, 0);
	give(3);
	runner_told();
	run();
	later(0);
	assert_int_equal(db.renewals, 1);	/* the last was long ago */
	later(RENEW - 1);
	assert_int_equal(db.renewals, 1);
	asked = now + 1;
	db.takes = 300;
	db.held = 2;
	later(1);
	assert_int_equal(db.renewals, 2);
	assert_string_equal(db.ids, "{job-0,job-1,job-2}");
	assert_int_equal(marks[0].lease, asked + LEASE);
	assert_int_equal(marks[1].lease, asked + LEASE);
	assert_int_equal(marks[2].lease, 0);
	db.takes = 0;
	end(1);
	later(RENEW - 301);
	assert_int_equal(db.renewals, 2);
	later(1);
	assert_int_equal(db.renewals, 3);
	assert_string_equal(db.ids, "{job-0,job-2}");
}

static void
test_every_attempt_has_its_tick(void **state)
{
	(void)state;
	give(3);
	runner_told();
	run();
	marks[1].ends_at_tick = true;
	later(100);
	assert_int_equal(marks[0].ticked, now);
	assert_int_equal(marks[1].ticked, now);
	assert_int_equal(marks[2].ticked, now);
	assert_int_equal(running(), 2);
}

/* What this renewal did not ask for may still be this runner's. */
static void
test_a_lease_that_is_not_renewed_is_lost(void **state)
{
	(void)state;
	give(3);
	runner_told();
	run();
	db.held = 2;
	db.late = 1;		/* it claims one more meanwhile */
	later(RENEW);
	assert_int_equal(db.renewals, 1);
	assert_string_equal(db.ids, "{job-0,job-1,job-2}");
	assert_int_equal(running(), 4);
	assert_false(marks[0].lost || marks[1].lost);
	assert_true(marks[2].lost);
	assert_false(marks[3].lost);
	later(RENEW);
	assert_true(marks[3].lost);
}

static void
test_rounds_and_leases_have_turns_of_their_own(void **state)
{
	(void)state;
	later(1);
	assert_int_equal(db.schedules + db.watches, 0);
	db.rounds = true;
	later(1);
	assert_int_equal(db.schedules, 1);
	assert_int_equal(db.watches, 0);
	db.rounds = false;
	db.watch = true;
	later(1);
	assert_int_equal(db.schedules, 1);
	assert_int_equal(db.watches, 1);
	db.rounds = true;
	later(1);
	assert_int_equal(db.schedules, 2);
	assert_int_equal(db.watches, 2);
	assert_int_equal(db.claims, 0);
	db.put_back = true;	/* jobs are due by that */
	later(1);
	assert_int_equal(db.claims, 1);
}

/* An outage is not logged, since the pool logs it; anything else is. */
static void
test_failures_are_logged_and_it_goes_on(void **state)
{
	static const struct {
		const struct error_kind	*kind;
		enum log_level		 level;
	} table[] = {
		{ &ERR_UNAVAILABLE, LEVEL_DEBUG },
		{ &ERR_INTERNAL, LEVEL_ERROR },
		{ &ERR_CONFLICT, LEVEL_ERROR },
	};
	unsigned	 i, claims;

	(void)state;
	for (i = 0; i < 3; i++) {
		db.fails = table[i].kind;
		logged.n = 0;
		claims = db.claims;
		later(POLL);
		assert_int_equal(logged.n, 1);
		assert_int_equal(logged.level, table[i].level);
		assert_string_equal(logged.message, "it is full");
		db.fails = NULL;
		later(POLL);
		assert_int_equal(db.claims, claims + 2);
		assert_int_equal(logged.n, 1);
	}
}

static void
test_a_job_that_cannot_be_started_is_left(void **state)
{
	(void)state;
	give(3);
	db.unstartable = 1;
	runner_told();
	run();
	assert_int_equal(running(), 1);
	assert_int_equal(logged.n, 1);
	assert_int_equal(logged.level, LEVEL_ERROR);
	later(POLL);
	assert_int_equal(db.claims, 2);
	assert_int_equal(db.limit, 3);
}

static void
test_without_memory_it_tries_again(void **state)
{
	(void)state;
	no_memory = true;
	later(POLL);
	no_memory = false;
	no_coroutine = true;
	later(1);
	assert_int_equal(db.claims, 0);
	assert_int_equal(logged.n, 0);
	no_coroutine = false;
	later(1);
	assert_int_equal(db.claims, 1);
}

/* Rather none of its leases than some. */
static void
test_without_memory_it_renews_later(void **state)
{
	unsigned	 renewals;

	(void)state;
	give(2);
	runner_told();
	run();
	later(1);
	renewals = db.renewals;
	no_arena = true;
	later(RENEW);
	no_arena = false;
	assert_int_equal(db.renewals, renewals);
	assert_int_equal(logged.n, 1);
	assert_int_equal(logged.level, LEVEL_DEBUG);
	later(RENEW);
	assert_int_equal(db.renewals, renewals + 1);
	assert_string_equal(db.ids, "{job-0,job-1}");
}

static void
test_a_cancel_reaches_every_attempt(void **state)
{
	(void)state;
	give(3);
	runner_told();
	run();
	end(1);
	runner_cancel();
	assert_true(marks[0].cancelled && marks[2].cancelled);
}

/* The last test: a runner that drains never claims again. */
static void
test_a_drain(void **state)
{
	(void)state;
	db.rounds = db.watch = true;
	later(0);
	give(2);
	runner_told();
	run();
	assert_int_equal(running(), 2);
	give(1);
	runner_told();		/* a claim is on its way */
	assert_int_equal(runner_drain(), 3);
	assert_false(marks[0].cancelled);
	run();
	assert_int_equal(running(), 3);
	assert_false(marks[1].cancelled);
	assert_true(marks[2].cancelled);	/* claimed too late */
	assert_int_equal(runner_drain(), 3);
	give(4);
	end(0);
	runner_told();
	later(RENEW + POLL);
	assert_int_equal(db.claims, 2);
	assert_int_equal(db.schedules, 1);
	assert_int_equal(db.watches, 1);
	assert_true(db.renewals > 0);
	end(1);
	end(2);
	assert_int_equal(runner_drain(), 0);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_every_kind_is_asked_for),
		TEST(test_it_polls_every_two_seconds),
		TEST(test_it_claims_when_it_is_told),
		TEST(test_it_claims_for_the_room_that_it_has),
		TEST(test_a_full_runner_claims_when_a_place_is_free),
		TEST(test_an_attempt_is_as_old_as_its_claim),
		TEST(test_an_earlier_attempt_at_the_same_job_is_disowned),
		TEST(test_leases_are_renewed_every_five_seconds),
		TEST(test_every_attempt_has_its_tick),
		TEST(test_a_lease_that_is_not_renewed_is_lost),
		TEST(test_rounds_and_leases_have_turns_of_their_own),
		TEST(test_failures_are_logged_and_it_goes_on),
		TEST(test_a_job_that_cannot_be_started_is_left),
		TEST(test_without_memory_it_tries_again),
		TEST(test_without_memory_it_renews_later),
		TEST(test_a_cancel_reaches_every_attempt),
		TEST(test_a_drain),
	};

	return (cmocka_run_group_tests_name("jobs_runner", tests, start,
	    NULL));
}
