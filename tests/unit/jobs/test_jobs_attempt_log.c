/* SPDX-License-Identifier: ISC */
/* The log line of an attempt: its level and members, for each outcome. */

/* sources: src/jobs/jobs_attempt.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/base/jsonw.c */
/* sources: src/request/error_details.c src/jobs/jobs_metrics.c */
/* sources: src/utils/text.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "jobs/jobs_repository.h"

#define ID	"01890000-0000-7000-8000-000000000001"

static struct jsonw	writer;
static char		text[4096];
static enum log_level	level;
static char		request_id[128];
static char		event[32];
static unsigned		lines;
static bool		is_ours;
static unsigned		fails;		/* how often the database does */
static struct attempt	*running;

/* The log keeps its last line. */

struct jsonw *
log_begin(enum log_level l, const char *id, const char *name)
{
	level = l;
	snprintf(request_id, sizeof(request_id), "%s", id);
	snprintf(event, sizeof(event), "%s", name);
	jsonw_init_fixed(&writer, text, sizeof(text));
	jsonw_object(&writer, NULL);
	return (&writer);
}

void
log_end(struct jsonw *j)
{
	assert_ptr_equal(j, &writer);
	jsonw_object_end(j);
	assert_false(j->text.cut);
	lines++;
}

void
log_event(enum log_level l, const char *id, const char *name,
    const char *fmt, ...)
{
	va_list	 ap;

	log_begin(l, id, name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lines++;
}

bool
jobs_repository_settle(struct ctx *c, const struct attempt *a)
{
	(void)a;
	if (fails > 0) {
		fails--;
		raise_error(c, &ERR_UNAVAILABLE, "no database");
	}
	return (is_ours);
}

void
db_begin(struct ctx *c)
{
	(void)c;
	abort();
}

void
db_commit(struct ctx *c)
{
	(void)c;
	abort();
}

static void
ended(struct attempt *a)
{
	assert_ptr_equal(a, running);
	running = NULL;
}

static void
schedule(void)
{
}

/* Handlers. */

static void
work(struct ctx *c)
{
	(void)c;
}

static void
be_busy(struct ctx *c)
{
	raise_error(c, &ERR_UNAVAILABLE, "451 later");
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

static void	sleep_long(struct ctx *) AWAITS;

static void
sleep_long(struct ctx *c)
{
	while (ctx_wait(c, 3600000))
		;
	raise_error(c, &ERR_UNAVAILABLE, "asleep");
}

enum end { BY_ITSELF, CANCELLED, DISOWNED, LOST };

static const struct {
	const char	*what;
	void		(*handler)(struct ctx *);
	int64_t		 attempt;
	enum end	 end;
	enum log_level	 level;
	const char	*event;
	const char	*status;
	const char	*error;		/* NULL: none */
	bool		 again;		/* says when it is repeated */
} table[] = {
	{ "done", work, 1, BY_ITSELF, LEVEL_INFO, "job", "done", NULL,
	    false },
	{ "to be repeated", be_busy, 1, BY_ITSELF, LEVEL_WARNING, "job",
	    "queued", "451 later", true },
	{ "the last but one", be_busy, 2, BY_ITSELF, LEVEL_WARNING, "job",
	    "queued", "451 later", true },
	{ "the last", be_busy, 3, BY_ITSELF, LEVEL_ERROR, "job", "dead",
	    "451 later", false },
	{ "refused", refuse, 1, BY_ITSELF, LEVEL_ERROR, "job", "dead",
	    "550 no such user", false },
	{ "no payload", misread, 1, BY_ITSELF, LEVEL_ERROR, "job", "dead",
	    "Its payload does not fit this version: Validation failed: "
	    "body.id: Is required", false },
	{ "begun too often", work, 4, BY_ITSELF, LEVEL_ERROR, "job", "dead",
	    "It was begun 3 times, and no end of the last was told", false },
	{ "cancelled", sleep_long, 1, CANCELLED, LEVEL_WARNING, "job",
	    "queued", "The runner was stopped: asleep", false },
	{ "cancelled at the last", sleep_long, 3, CANCELLED, LEVEL_WARNING,
	    "job", "queued", "The runner was stopped: asleep", false },
	{ "another runner's", work, 1, LOST, LEVEL_WARNING, "lease", "done",
	    NULL, false },
	{ "another runner's, and dead", refuse, 1, LOST, LEVEL_WARNING,
	    "lease", "dead", NULL, false },
	{ "claimed again", sleep_long, 1, DISOWNED, LEVEL_WARNING, "lease",
	    "queued", NULL, false },
};

static void
run_attempt(size_t i, const char *request)
{
	struct job_kind	 kind = {
		.name = "kind", .handler = table[i].handler, .attempts = 3,
		.backoff = 10, .backoff_max = 60, .timeout = 60,
	};
	struct job	 job = {
		.id = ID, .kind = "kind", .payload = "{}",
		.request_id = request, .attempts = table[i].attempt,
	};

	lines = 0;
	is_ours = table[i].end != LOST;
	running = attempt_start(&job, &kind, coro_now_ms() - 1500, "me",
	    ended);
	assert_non_null(running);
	coro_run();
	if (table[i].end == CANCELLED)
		attempt_cancel(running);
	else if (table[i].end == DISOWNED)
		attempt_disown(running);
	coro_run();
	assert_null(running);
}

static void
check_line(size_t i)
{
	const char	*error = NULL;
	json_t		*line = json_loads(text, 0, NULL);
	json_int_t	 ms, again;

	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "job")),
	    ID);
	assert_string_equal(json_string_value(json_object_get(line, "kind")),
	    "kind");
	assert_int_equal(json_integer_value(json_object_get(line,
	    "attempt")), table[i].attempt);
	assert_string_equal(json_string_value(json_object_get(line,
	    "status")), table[i].status);
	ms = json_integer_value(json_object_get(line, "ms"));
	assert_in_range(ms, 1500, 60000);
	error = json_string_value(json_object_get(line, "error"));
	if (table[i].error == NULL)
		assert_null(error);
	else
		assert_string_equal(error, table[i].error);
	again = json_integer_value(json_object_get(line, "again_in"));
	assert_int_equal(json_object_get(line, "again_in") != NULL,
	    table[i].again);
	if (table[i].again)
		assert_in_range(again, 5 * table[i].attempt,
		    10 * table[i].attempt);
	assert_int_equal(json_object_size(line), 5 + (error != NULL) +
	    table[i].again);
	json_decref(line);
}

static void
test_every_outcome(void **state)
{
	char	 not_counted[160];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		run_attempt(i, "asked");
		if (lines != 1 || level != table[i].level)
			fail_msg("%s: %u lines, level %d", table[i].what,
			    lines, level);
		assert_string_equal(event, table[i].event);
		assert_string_equal(request_id, "asked");
		if (strcmp(event, "job") == 0) {
			check_line(i);
			continue;
		}
		snprintf(not_counted, sizeof(not_counted), "the job " ID
		    " is another attempt's by now: the outcome of this one "
		    "(%s) does not count", table[i].status);
		assert_string_equal(text, not_counted);
	}
}

/* A job that no request stored has its own id instead. */
static void
test_a_scheduled_job_is_named_by_its_id(void **state)
{
	(void)state;
	run_attempt(0, NULL);
	assert_string_equal(request_id, ID);
}

/* The line is written when the outcome is, once. */
static void
test_an_outcome_that_cannot_be_stored_yet(void **state)
{
	static const struct job_kind	 kind = {
		.name = "kind", .handler = work, .attempts = 3, .timeout = 60,
	};
	static const struct job		 job = {
		.id = ID, .kind = "kind", .payload = "{}", .attempts = 1,
	};
	uint64_t			 began = coro_now_ms();

	(void)state;
	lines = 0;
	is_ours = true;
	fails = 1;
	running = attempt_start(&job, &kind, began, "me", ended);
	coro_run();
	assert_int_equal(lines, 0);
	assert_in_range(running->settle_at, began + 1000, coro_now_ms() +
	    1000);
	attempt_tick(running, running->settle_at - 1);
	coro_run();
	assert_int_equal(lines, 0);
	attempt_tick(running, running->settle_at);
	coro_run();
	assert_null(running);
	assert_int_equal(lines, 1);
	assert_int_equal(level, LEVEL_INFO);
}

static int
setup(void **state)
{
	(void)state;
	coro_init(8, schedule);
	fails = 0;
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	return (coro_count() == 0 && arena_count() == 0 ? 0 : -1);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_every_outcome),
		TEST(test_a_scheduled_job_is_named_by_its_id),
		TEST(test_an_outcome_that_cannot_be_stored_yet),
	};

	return (cmocka_run_group_tests_name("jobs_attempt_log", tests, NULL,
	    NULL));
}
