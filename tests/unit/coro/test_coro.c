/* SPDX-License-Identifier: ISC */
/* How coroutines take turns; test_coro_stack.c tests their stacks. */

/* sources: src/coro/coro.c src/base/mem.c src/base/faults.c */
/* defines: -DFAULTS */

#include "coro_fixture.h"

#include "base/faults.h"

#define LONG	3600000		/* ms; longer than the test */
#define POOL	64		/* coro.c's POOL_MAX */

static unsigned	scheduled;

static void
schedule(void)
{
	scheduled++;
}

static int
setup(void **state)
{
	(void)state;
	coro_init(8, schedule);
	scheduled = 0;
	heard();
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	faults_select(NULL);
	return (coro_count() == 0 && coro_self() == NULL ? 0 : -1);
}

static void
test_resume_runs_at_once(void **state)
{
	struct job	 a;

	(void)state;
	job_new(&a, "a", 1, LONG);
	assert_string_equal(heard(), "");
	assert_int_equal(coro_count(), 1);
	coro_run();
	assert_string_equal(heard(), "");

	coro_resume(a.co);
	assert_string_equal(heard(), "a");
	assert_null(coro_self());
	coro_run();
	assert_string_equal(heard(), "");
	assert_int_equal(scheduled, 0);

	coro_wake(a.co);
	assert_int_equal(scheduled, 1);
	assert_string_equal(heard(), "");
	coro_run();
	assert_string_equal(heard(), "a+ /a");
	assert_int_equal(coro_count(), 0);
	coro_run();
	assert_string_equal(heard(), "");
}

static void
test_first_woken_first_run(void **state)
{
	struct job	 a, b, c;

	(void)state;
	job_new(&a, "a", 2, LONG);
	job_new(&b, "b", 1, LONG);
	job_new(&c, "c", 2, LONG);
	coro_wake(b.co);
	coro_wake(a.co);
	coro_wake(c.co);
	coro_run();
	assert_string_equal(heard(), "b a c");

	coro_wake(c.co);
	coro_wake(b.co);
	coro_wake(a.co);
	coro_run();
	assert_string_equal(heard(), "c+ b+ /b a+");

	/* The second wake changes nothing, not even the order. */
	coro_wake(a.co);
	coro_wake(c.co);
	coro_wake(a.co);
	coro_run();
	assert_string_equal(heard(), "a+ /a c+ /c");
	assert_int_equal(scheduled, 8);
}

struct chain {
	struct coro	*co;
	struct coro	*next;
};

static void
chain_run(void *arg)
{
	struct chain	*chain = arg;

	say(coro_self() == chain->co ? "self" : "other", "");
	coro_suspend(LONG);
	if (chain->next != NULL)
		coro_wake(chain->next);
	say("woke", "");
}

static void
chain_done(void *arg)
{
	struct chain	*chain = arg;

	say("done", "");
	coro_free(chain->co);
}

/* A coroutine that a coroutine wakes runs in the same coro_run(), later. */
static void
test_wake_by_a_coroutine(void **state)
{
	struct chain	 chain[3];
	size_t		 i;

	(void)state;
	memset(chain, 0, sizeof(chain));
	for (i = 0; i < 3; i++) {
		chain[i].co = coro_new(chain_run, chain_done, &chain[i]);
		assert_non_null(chain[i].co);
		coro_resume(chain[i].co);
	}
	assert_string_equal(heard(), "self self self");
	chain[0].next = chain[1].co;
	chain[1].next = chain[2].co;
	coro_wake(chain[0].co);
	coro_run();
	assert_string_equal(heard(), "woke done woke done woke done");
}

static void
wakes_itself(void *arg)
{
	struct job	*job = arg;

	coro_wake(job->co);
	say(coro_suspend(LONG) ? "woken" : "late", "");
	coro_wake(job->co);
}

/* A wake before the suspension is kept; one before the end is harmless. */
static void
test_wake_while_running(void **state)
{
	struct job	 a = { .name = "a" };

	(void)state;
	a.co = coro_new(wakes_itself, job_done, &a);
	assert_non_null(a.co);
	coro_resume(a.co);
	assert_string_equal(heard(), "");
	coro_run();
	assert_string_equal(heard(), "woken /a");
	coro_run();
	assert_string_equal(heard(), "");
}

static void
wake_and_free(void *arg)
{
	struct job	*job = arg;

	coro_wake(job->co);
	coro_run();
	job_done(job);
}

static void
test_wake_of_an_ended_one(void **state)
{
	struct job	 a, b;

	(void)state;
	a.name = "a";
	a.suspends = 0;
	a.co = coro_new(job_run, wake_and_free, &a);
	assert_non_null(a.co);
	coro_resume(a.co);
	assert_string_equal(heard(), "a /a");
	assert_int_equal(scheduled, 0);

	/* It is freed while it is on the run queue. */
	job_new(&a, "a", 0, 0);
	job_new(&b, "b", 0, 0);
	coro_wake(a.co);
	coro_wake(b.co);
	coro_free(a.co);
	coro_run();
	assert_string_equal(heard(), "b /b");
}

static void
test_timeout(void **state)
{
	struct job	 a, b, c;
	uint64_t	 now;

	(void)state;
	job_new(&a, "a", 2, 1000);
	job_new(&b, "b", 1, 60000);
	job_new(&c, "c", 1, 1000);
	now = clock_ms();
	coro_tick(now + LONG);
	coro_run();
	assert_string_equal(heard(), "");	/* neither started nor late */

	coro_resume(a.co);
	coro_resume(b.co);
	coro_resume(c.co);
	assert_string_equal(heard(), "a b c");
	coro_tick(now + 999);
	coro_run();
	assert_string_equal(heard(), "");

	/* It is woken in time, although it runs later. */
	coro_wake(c.co);
	coro_tick(now + 30000);
	assert_string_equal(heard(), "");
	coro_run();
	assert_string_equal(heard(), "c+ /c a-");

	/* The next wait has its own deadline. */
	coro_tick(now + 999);
	coro_run();
	assert_string_equal(heard(), "");
	coro_wake(a.co);
	coro_run();
	assert_string_equal(heard(), "a+ /a");

	/* After its deadline it times out, even if it is woken then. */
	coro_tick(now + 90000);
	coro_wake(b.co);
	coro_tick(now + 90000);
	coro_run();
	assert_string_equal(heard(), "b- /b");
}

static void
test_timeout_of_nothing(void **state)
{
	struct job	 a;

	(void)state;
	job_new(&a, "a", 1, 0);
	coro_resume(a.co);
	assert_string_equal(heard(), "a");
	coro_tick(clock_ms());
	coro_run();
	assert_string_equal(heard(), "a- /a");
}

/* Like endpoint_retry(): makes a new one before the old one is freed. */
static void
done_with_successor(void *arg)
{
	struct job	*job = arg;
	struct coro	*old = job->co;

	say("again", "");
	job->suspends = 0;
	job->co = coro_new(job_run, job_done, job);
	coro_free(old);
	if (job->co != NULL)
		coro_wake(job->co);
}

static void
test_successor(void **state)
{
	struct job	 a = { .name = "a", .suspends = 0 };

	(void)state;
	coro_init(2, schedule);
	a.co = coro_new(job_run, done_with_successor, &a);
	assert_non_null(a.co);
	coro_resume(a.co);
	assert_string_equal(heard(), "a again");
	assert_int_equal(coro_count(), 1);
	coro_run();
	assert_string_equal(heard(), "a /a");
}

static void
test_cap(void **state)
{
	struct job	 jobs[3];
	size_t		 i;

	(void)state;
	coro_init(3, schedule);
	for (i = 0; i < 3; i++)
		job_new(&jobs[i], "a", 0, 0);
	assert_null(coro_new(job_run, job_done, NULL));
	assert_null(coro_new(job_run, job_done, NULL));
	assert_int_equal(coro_count(), 3);

	coro_resume(jobs[1].co);
	assert_int_equal(coro_count(), 2);
	job_new(&jobs[1], "a", 0, 0);
	assert_null(coro_new(job_run, job_done, NULL));
	for (i = 0; i < 3; i++)
		coro_resume(jobs[i].co);

	coro_init(0, schedule);
	assert_null(coro_new(job_run, job_done, NULL));
}

/* Memory is short for the coroutine itself, or for its stack. */
static void
test_memory_short(void **state)
{
	static struct job	 jobs[POOL];
	struct faults		 faults;
	struct job		 extra;
	size_t			 i;

	(void)state;
	coro_init(POOL + 1, schedule);
	for (i = 0; i < POOL; i++)	/* leaves no stack to reuse */
		job_new(&jobs[i], "", 0, 0);
	faults_parse(&faults, "alloc=1");
	faults_select(&faults);
	assert_null(coro_new(job_run, job_done, &extra));
	faults_parse(&faults, "alloc=2");
	assert_null(coro_new(job_run, job_done, &extra));
	assert_int_equal(coro_count(), POOL);
	faults_parse(&faults, "alloc=3");
	job_new(&extra, "a", 0, 0);
	faults_select(NULL);

	coro_resume(extra.co);
	for (i = 0; i < POOL; i++)
		coro_resume(jobs[i].co);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_resume_runs_at_once),
		TEST(test_first_woken_first_run),
		TEST(test_wake_by_a_coroutine),
		TEST(test_wake_while_running),
		TEST(test_wake_of_an_ended_one),
		TEST(test_timeout),
		TEST(test_timeout_of_nothing),
		TEST(test_successor),
		TEST(test_cap),
		TEST(test_memory_short),
	};

	return (cmocka_run_group_tests_name("coro", tests, NULL, NULL));
}
