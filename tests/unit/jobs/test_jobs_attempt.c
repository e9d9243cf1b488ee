/* SPDX-License-Identifier: ISC */
/* How an attempt ends, and what is written to the database. */

/* sources: src/base/log_write.c */
/* sources: src/jobs/jobs_attempt.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include "jobs/jobs_attempt_fixture.h"

/* The kinds of job. */

static void
be_busy(struct ctx *c)
{
	raise_error(c, &ERR_UNAVAILABLE, "busy, said %s", "somebody");
}

static void
garble(struct ctx *c)
{
	raise_error(c, &ERR_UNAVAILABLE, "caf\u00e9 caf\xc3");
}

static void
refuse(struct ctx *c)
{
	raise_error(c, &ERR_PERMANENT, "550 no such user");
}

static void
misread(struct ctx *c)
{
	error_detail(c, "body.id", "missing", "Is required");
	raise_validation(c);
}

static void
misparse(struct ctx *c)
{
	raise_error(c, &ERR_INVALID_JSON, "The body nests more than 32 "
	    "levels");
}

static void
forget(struct ctx *c)
{
	db_begin(c);
}

KIND(be_busy);
KIND(garble);
KIND(refuse);
KIND(misread);
KIND(misparse);
KIND(forget);

static const struct job_kind	atomic_kind = {
	.name = "atomic", .handler = work, .attempts = 3, .timeout = 60,
	.atomic = true,
};

static void
test_done(void **state)
{
	(void)state;
	begin(&work_kind, 1, 0);
	assert_told("done", "");
	assert_string_equal(seen, "asked");
	assert_false(database.began);
}

static void
test_failures_are_retried(void **state)
{
	(void)state;
	begin(&be_busy_kind, 2, 0);
	assert_told("queued", "busy, said somebody");
	assert_true(database.delay >= 10 && database.delay <= 20);
	assert_false(database.cancelled);
}

/* The message may be cut within a character. */
static void
test_message_is_valid_text(void **state)
{
	(void)state;
	begin(&garble_kind, 1, 0);
	assert_told("queued", "caf\u00e9 caf?");
}

static void
test_last_attempt(void **state)
{
	(void)state;
	begin(&be_busy_kind, 3, 0);
	assert_told("dead", "busy, said somebody");
}

static void
test_permanent_failures(void **state)
{
	(void)state;
	begin(&refuse_kind, 1, 0);
	assert_told("dead", "550 no such user");
	setup(NULL);
	begin(&misread_kind, 1, 0);
	assert_told("dead", "Its payload does not fit this version: "
	    "Validation failed: body.id: Is required");
	setup(NULL);
	begin(&misparse_kind, 1, 0);
	assert_told("dead", "Its payload does not fit this version: "
	    "The body nests more than 32 levels");
}

/* Otherwise a job that kills its runner would be retried forever. */
static void
test_lost_runners_are_counted(void **state)
{
	(void)state;
	seen[0] = '\0';
	begin(&work_kind, 4, 0);
	assert_told("dead", "It was begun 3 times, and no end of the "
	    "last was told");
	assert_string_equal(seen, "");
}

static void
test_a_forgotten_commit(void **state)
{
	(void)state;
	begin(&forget_kind, 1, 0);
	assert_told("queued", "forget ended without committing");
}

static void
test_atomic(void **state)
{
	(void)state;
	begin(&atomic_kind, 1, 0);
	assert_told("done", "");
	assert_true(database.began && database.committed);

	setup(NULL);
	database.is_ours = false;
	begin(&atomic_kind, 1, 0);
	assert_false(database.committed);
	assert_null(running);
	assert_int_equal(database.times, 2);
	assert_string_equal(database.status, "queued");
}

/* The end is written again until the database has it. */
static void
test_end_is_written_again(void **state)
{
	uint64_t	 now = coro_now_ms();

	(void)state;
	database.fails = 2;
	begin(&work_kind, 1, 0);
	assert_non_null(running);
	attempt_tick(running, now);		/* not yet */
	coro_run();
	assert_int_equal(database.times, 1);
	attempt_tick(running, now + 5000);
	coro_run();
	assert_int_equal(database.times, 2);
	attempt_tick(running, now + 10000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 3);
	assert_string_equal(database.status, "done");
}

static void
test_backoff(void **state)
{
	static const double	 longest[] = { 10, 20, 40, 60, 60, 60 };
	static const struct job_kind	 none = { .name = "none" };
	int64_t			 n;

	(void)state;
	for (n = 1; n <= 6; n++) {
		assert_true(attempt_backoff(&work_kind, n, 1) ==
		    longest[n - 1]);
		assert_true(attempt_backoff(&work_kind, n, 0) ==
		    longest[n - 1] / 2);
	}
	assert_true(attempt_backoff(&work_kind, INT64_MAX, 0.5) == 45);
	assert_true(attempt_backoff(&none, INT64_MAX, 1) == 0);
}

/* Without memory the lease runs out, and nothing else happens. */
static void
test_no_memory(void **state)
{
	struct faults	 faults;
	struct job	 job = {
		.id = ID, .kind = "work", .payload = "{}", .attempts = 1,
	};
	unsigned	 n;

	(void)state;
	for (n = 1; n <= 4; n++) {
		memset(&faults, 0, sizeof(faults));
		faults.countdown[FAULT_ALLOC] = n;
		faults_select(&faults);
		running = attempt_start(&job, &work_kind, coro_now_ms(), "me",
		    ended);
		faults_select(NULL);
		if (running != NULL)
			break;
		assert_int_equal(coro_count(), 0);
		assert_int_equal(arena_count(), 0);
	}
	assert_true(n > 2);
	coro_run();
	assert_told("done", "");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_done),
		TEST(test_failures_are_retried),
		TEST(test_message_is_valid_text),
		TEST(test_last_attempt),
		TEST(test_permanent_failures),
		TEST(test_lost_runners_are_counted),
		TEST(test_a_forgotten_commit),
		TEST(test_atomic),
		TEST(test_end_is_written_again),
		TEST(test_backoff),
		TEST(test_no_memory),
	};

	return (cmocka_run_group_tests_name("jobs_attempt", tests, NULL,
	    NULL));
}
