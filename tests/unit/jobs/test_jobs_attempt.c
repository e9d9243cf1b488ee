/* SPDX-License-Identifier: ISC */
/* How an attempt ends, and what is written to the database. */

/* sources: src/base/log_write.c */
/* sources: src/jobs/jobs_attempt.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/log.c src/base/jsonw.c */
/* sources: src/base/faults.c */
/* sources: src/request/error_details.c */
/* defines: -DFAULTS */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"
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

/* The kinds of job. */

static char	seen[REQUEST_ID_MAX + 1];

static void
work(struct ctx *c)
{
	strcpy(seen, c->request_id);
}

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
forget(struct ctx *c)
{
	db_begin(c);
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
KIND(be_busy);
KIND(garble);
KIND(refuse);
KIND(misread);
KIND(forget);
KIND(sleep_long);

static const struct job_kind	atomic_kind = {
	.name = "atomic", .handler = work, .attempts = 3, .timeout = 60,
	.atomic = true,
};

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
}

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
	assert_told("dead", "Validation failed: body.id: Is required");
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
test_timeout_and_lease(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 1, 0);
	coro_tick(coro_now_ms() + 10000);
	coro_run();
	assert_int_equal(database.times, 0);

	attempt_extend(running, coro_now_ms() - 1);	/* as after SIGSTOP */
	coro_wake(running->c.coro);
	coro_run();
	assert_told("queued", "Its lease ran out: still asleep");

	setup(NULL);
	begin(&sleep_long_kind, 1, 61000);
	assert_null(running);
	assert_string_equal(database.status, "queued");

	setup(NULL);
	begin(&sleep_long_kind, 1, 0);
	running->timeout = 1;
	attempt_extend(running, coro_now_ms() + 20000);
	coro_wake(running->c.coro);
	coro_run();
	assert_told("queued", "It took too long: still asleep");
}

static void
test_cancel(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 3, 0);
	attempt_cancel(running);
	attempt_extend(running, coro_now_ms() + 20000);
	coro_run();
	assert_told("queued", "The runner was stopped: still asleep");
	assert_true(database.cancelled);
	assert_true(database.delay == 0);
}

/* The same runner has claimed the job again: the first attempt has lost it. */
static void
test_disown(void **state)
{
	(void)state;
	begin(&sleep_long_kind, 1, 0);
	attempt_disown(running);
	attempt_extend(running, coro_now_ms() + 20000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 0);

	database.fails = 1;
	begin(&work_kind, 1, 0);
	attempt_disown(running);
	attempt_tick(running, coro_now_ms() + 5000);
	coro_run();
	assert_null(running);
	assert_int_equal(database.times, 1);
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

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

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
		TEST(test_timeout_and_lease),
		TEST(test_cancel),
		TEST(test_disown),
		TEST(test_backoff),
		TEST(test_no_memory),
	};

	return (cmocka_run_group_tests_name("jobs_attempt", tests, NULL,
	    NULL));
}
