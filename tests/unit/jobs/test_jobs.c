/* SPDX-License-Identifier: ISC */
/* Kinds of jobs that the start refuses, and how a job is stored. */

/* sources: src/jobs/jobs.c src/jobs/jobs_rounds_check.c */
/* sources: src/base/error_kinds.c */
/* defines: -Dtimefmt_now=fake_now */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "jobs/jobs_repository.h"
#include "jobs/runner.h"

#define YEARS	INT64_C(316224000)	/* seconds: ten long ones */
#define NOW	(INT64_C(1800000000) * 1000000)

struct work {
	const char	*id;
	const char	*text;
	int64_t		 number;
	bool		 flag;
};

/* The tests change it. */
static struct member	fields[] = {
	MEMBER(work, number, T_INT, OUT | REQUIRED),
	MEMBER(work, id, T_UUID, OUT | REQUIRED),
	MEMBER(work, text, T_STR, OUT | OR_NULL),
	MEMBER(work, flag, T_BOOL, OUT | REQUIRED),
};

static struct schema	work_schema = {
	.name = "work", .structure = "work", .members = fields, .nmembers = 4,
};

static void
nothing(struct ctx *c)
{
	(void)c;
}

JOB_KIND(nothing, work);
JOB(nothing, .payload = &work_schema);

static void
sweeping(struct ctx *c)
{
	(void)c;
}

/* What JOB_KIND makes; a test takes its kind away. */
static struct job_payload	missing_declared = {
	"missing", "jobs.h", &nothing_job, "work"
};
REGISTER(job_payloads, missing_declared);

extern struct job_kind	sweeping_job;
JOB(sweeping, .timeout = 1, .every = 60);

static bool		readable;
static char		stored[256];	/* kind, payload, key, user */
static int64_t		stored_in, stored_at;	/* -1: NULL */
static jmp_buf		raised;
static const char	*message;
static const struct error_kind	*kind;

/* Other rooms. */

bool
schema_is_readable(const struct schema *s)
{
	assert_ptr_equal(s, &work_schema);
	return (readable);
}

const char *
schema_write(struct ctx *c, const struct schema *s, const void *in)
{
	(void)c;
	assert_ptr_equal(s, &work_schema);
	assert_non_null(in);
	return ("{\"id\":1}");
}

const void *
schema_read_body(struct ctx *c, const struct schema *s)
{
	(void)c;
	(void)s;
	return (NULL);
}

void
raise_error(struct ctx *c, const struct error_kind *k, const char *fmt, ...)
{
	static char	 text[256];
	va_list		 ap;

	(void)c;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message = text;
	kind = k;
	longjmp(raised, 1);
}

void
jobs_repository_enqueue(struct ctx *c, const char *name, const char *payload,
    const char *key, const char *user_id, int64_t seconds, const int64_t *at)
{
	(void)c;
	snprintf(stored, sizeof(stored), "%s %s %s %s", name, payload,
	    key != NULL ? key : "NULL", user_id != NULL ? user_id : "NULL");
	stored_in = seconds;
	stored_at = at != NULL ? *at : -1;
}

int64_t	fake_now(void);

int64_t
fake_now(void)
{
	return (NOW);
}

/* The tests. */

static int
setup(void **state)
{
	struct job_kind	*k = &nothing_job;

	(void)state;
	memset(k, 0, sizeof(*k));
	k->name = "nothing";
	k->file = "jobs.c";
	k->handler = nothing;
	k->payload = &work_schema;
	k->timeout = 1;
	work_schema.structure = "work";
	fields[0].flags = fields[3].flags = OUT | REQUIRED;
	readable = true;
	return (0);
}

static void
test_defaults(void **state)
{
	struct job_kind	*k = &nothing_job;

	(void)state;
	assert_null(jobs_init());
	assert_int_equal(k->attempts, 1);
	assert_int_equal(k->backoff_max, 0);
	assert_string_equal(k->endpoint.name, "nothing");
	assert_ptr_equal(k->endpoint.handler, nothing);
	assert_ptr_equal(k->endpoint.in, &work_schema);

	k->attempts = 3;
	k->backoff = 10;
	k->backoff_max = 9;
	assert_null(jobs_init());
	assert_int_equal(k->attempts, 3);
	assert_int_equal(k->backoff_max, 10);
	k->backoff_max = 11;
	assert_null(jobs_init());
	assert_int_equal(k->backoff_max, 11);
}

static void
test_a_name_fits_its_column(void **state)
{
	char	 name[102];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[101] = '\0';
	nothing_job.name = name;
	assert_non_null(strstr(jobs_init(),
	    ": its name is too long: at most 100 bytes"));
	nothing_job.name = name + 1;
	assert_null(jobs_init());
}

static void
test_a_kind_needs_a_timeout(void **state)
{
	(void)state;
	nothing_job.timeout = 0;
	assert_string_equal(jobs_init(), "jobs.c: the job nothing has no "
	    ".timeout: write the seconds that an attempt may take");
}

static void
test_what_is_scheduled_has_no_payload(void **state)
{
	(void)state;
	nothing_job.every = 60;
	assert_string_equal(jobs_init(),
	    "jobs.c: the job nothing: what is scheduled has no payload: leave "
	    "out .every or .payload");
	nothing_job.every = 0;
	nothing_job.daily = "03:30";
	assert_string_equal(jobs_init(),
	    "jobs.c: the job nothing: what is scheduled has no payload: leave "
	    "out .daily or .payload");
}

static void
test_a_payload_is_read_as_it_was_written(void **state)
{
	(void)state;
	readable = false;
	assert_string_equal(jobs_init(), "jobs.c: the job nothing: its "
	    ".payload = &work_schema has a member that cannot be read back "
	    "(T_JSON, T_LIST or T_OBJECT): store an id, and "
	    "read the row in the handler");
	setup(NULL);
	work_schema.structure = "other";
	assert_string_equal(jobs_init(), "jobs.c: the job nothing: its "
	    "JOB_KIND declares a struct work, and its .payload = &work_schema "
	    "is of struct other");
	setup(NULL);
	nothing_job.payload = NULL;
	assert_string_equal(jobs_init(), "jobs.c: the job nothing has no "
	    ".payload, and its JOB_KIND declares a struct work: write .payload "
	    "= &NAME_schema");
}

/* Nobody could store it. */
static void
test_a_kind_is_declared_or_scheduled(void **state)
{
	(void)state;
	sweeping_job.every = 0;
	assert_string_equal(jobs_init(), __FILE__ ": the job sweeping is never "
	    "stored: write JOB_KIND(sweeping, STRUCT) in a header, or schedule "
	    "it with .every or .daily");
	sweeping_job.daily = "03:30";
	assert_null(jobs_init());
	sweeping_job.every = 60;
	assert_string_equal(jobs_init(), __FILE__ ": the job sweeping: leave "
	    "out .every or .daily");
	sweeping_job.daily = NULL;
	assert_null(jobs_init());
	missing_declared.kind = NULL;
	assert_string_equal(jobs_init(), "jobs.h: JOB_KIND(missing) has no "
	    "JOB(missing, ...) in a .c file");
	missing_declared.kind = &nothing_job;
}

static void
test_a_payload_is_stored_whole(void **state)
{
	(void)state;
	fields[3].flags = REQUIRED;
	assert_string_equal(jobs_init(), "jobs.c: the job nothing: its "
	    "payload has the member flag, which is not OUT, so it is not "
	    "stored: write OUT, or list the others in .only");
}

static void
test_a_payload_has_no_secret(void **state)
{
	unsigned	 i;

	(void)state;
	for (i = 0; i < 4; i += 3) {
		setup(NULL);
		fields[i].flags |= SECRET | OR_NULL;
		assert_non_null(strstr(jobs_init(), i == 0 ?
		    "the secret number, which" : "the secret flag, which"));
	}
}

static void
test_a_unique_member_is_a_text(void **state)
{
	static const struct {
		const char	*name;
		const char	*problem;
	} table[] = {
		{ "id", NULL },
		{ "text", NULL },
		{ "number", "jobs.c: the job nothing: its unique member "
		    "number must be a T_STR or a T_UUID" },
		{ "flag", "jobs.c: the job nothing: its unique member flag "
		    "must be a T_STR or a T_UUID" },
		{ "i", "jobs.c: the job nothing: its payload has no member i, "
		    "which .unique names" },
		{ "ids", "jobs.c: the job nothing: its payload has no member "
		    "ids, which .unique names" },
	};
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		nothing_job.unique = table[i].name;
		problem = jobs_init();
		if (table[i].problem == NULL)
			assert_null(problem);
		else
			assert_string_equal(problem, table[i].problem);
	}
	nothing_job.unique = NULL;
	sweeping_job.unique = "id";
	assert_string_equal(jobs_init(), __FILE__ ": the job sweeping: its "
	    "payload has no member id, which .unique names");
	sweeping_job.unique = NULL;
}

static void
test_the_member_of_a_user_is_an_id(void **state)
{
	static const struct {
		const char	*name;
		const char	*problem;
	} table[] = {
		{ "id", NULL },
		{ "text", "jobs.c: the job nothing: its member text, which "
		    ".user names, must be a T_UUID: the id of a user" },
		{ "number", "jobs.c: the job nothing: its member number, "
		    "which .user names, must be a T_UUID: the id of a user" },
		{ "ids", "jobs.c: the job nothing: its payload has no member "
		    "ids, which .user names" },
	};
	const char	*problem;
	unsigned	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		nothing_job.user = table[i].name;
		problem = jobs_init();
		if (table[i].problem == NULL)
			assert_null(problem);
		else
			assert_string_equal(problem, table[i].problem);
	}
	nothing_job.user = NULL;
	sweeping_job.user = "id";
	assert_string_equal(jobs_init(), __FILE__ ": the job sweeping: its "
	    "payload has no member id, which .user names");
	sweeping_job.user = NULL;
}

static void
store(bool in_transaction)
{
	static const struct work	work = { .id = "an id", .text = "a" };
	static int			open;
	struct ctx			c = { .path = "" };

	if (in_transaction)
		c.transaction = (struct db_conn *)(void *)&open;
	stored[0] = '\0';
	kind = NULL;
	if (setjmp(raised) == 0)
		background(&c, nothing, &work);
}

static void
test_a_job_is_stored_with_its_key_and_user(void **state)
{
	(void)state;
	store(true);
	assert_string_equal(stored, "nothing {\"id\":1} NULL NULL");
	nothing_job.unique = "id";
	store(true);
	assert_string_equal(stored, "nothing {\"id\":1} an id NULL");
	nothing_job.unique = "text";
	store(true);
	assert_string_equal(stored, "nothing {\"id\":1} a NULL");
	nothing_job.user = "id";
	store(true);
	assert_string_equal(stored, "nothing {\"id\":1} a an id");
	nothing_job.unique = NULL;
	store(true);
	assert_string_equal(stored, "nothing {\"id\":1} NULL an id");
	nothing_job.user = NULL;
	nothing_job.payload = NULL;
	store(true);
	assert_string_equal(stored, "nothing {} NULL NULL");
}

static void
test_a_job_needs_a_transaction(void **state)
{
	(void)state;
	store(false);
	assert_ptr_equal(kind, &ERR_INTERNAL);
	assert_string_equal(message, "nothing outside of a transaction");
	assert_string_equal(stored, "");
}

static const struct work	later_work = { .id = "an id" };
static void
store_later(bool at, int64_t n)
{
	struct ctx	 c = { .path = "" };

	c.transaction = (struct db_conn *)(void *)&c;
	stored[0] = '\0';
	kind = NULL;
	if (setjmp(raised) != 0)
		return;
	if (at)
		background_at(&c, n, nothing, &later_work);
	else
		background_in(&c, n, nothing, &later_work);
}

static void
test_a_job_for_later(void **state)
{
	static const int64_t	 seconds[] = { 0, 1, YEARS };
	static const int64_t	 absurd[] = {
		-1, INT64_MIN, YEARS + 1, INT64_MAX
	};
	unsigned		 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		store_later(false, seconds[i]);
		assert_string_equal(stored, "nothing {\"id\":1} NULL NULL");
		assert_int_equal(stored_in, seconds[i]);
		assert_int_equal(stored_at, -1);
	}
	for (i = 0; i < 4; i++) {
		store_later(false, absurd[i]);
		assert_string_equal(stored, "");
		assert_ptr_equal(kind, &ERR_INTERNAL);
	}
	store_later(false, -1);
	assert_string_equal(message, "background_in(c, -1, nothing, ...): the "
	    "seconds must be from 0 to 316224000, ten years");
}

/* Seconds or milliseconds, and a time that is none, are absurd. */
static void
test_a_job_for_a_time(void **state)
{
	static const int64_t	 times[] = {
		NOW, NOW + 1, NOW - 1, NOW + YEARS * 1000000,
		NOW - YEARS * 1000000
	};
	static const int64_t	 absurd[] = {
		0, NOW / 1000, NOW / 1000000, NOW + YEARS * 1000000 + 1,
		NOW - YEARS * 1000000 - 1, TIME_NULL, INT64_MAX
	};
	unsigned		 i;

	(void)state;
	for (i = 0; i < 5; i++) {
		store_later(true, times[i]);
		assert_string_equal(stored, "nothing {\"id\":1} NULL NULL");
		assert_int_equal(stored_in, 0);
		assert_int_equal(stored_at, times[i]);
	}
	for (i = 0; i < 7; i++) {
		store_later(true, absurd[i]);
		assert_string_equal(stored, "");
		assert_ptr_equal(kind, &ERR_INTERNAL);
	}
	store_later(true, 0);
	assert_string_equal(message, "background_at(c, 0, nothing, ...): the "
	    "time must be within ten years of now, in microseconds since 1970");
}

#define TEST(fn)	cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_defaults),
		TEST(test_a_name_fits_its_column),
		TEST(test_a_kind_needs_a_timeout),
		TEST(test_what_is_scheduled_has_no_payload),
		TEST(test_a_payload_is_read_as_it_was_written),
		TEST(test_a_kind_is_declared_or_scheduled),
		TEST(test_a_payload_is_stored_whole),
		TEST(test_a_payload_has_no_secret),
		TEST(test_a_unique_member_is_a_text),
		TEST(test_the_member_of_a_user_is_an_id),
		TEST(test_a_job_is_stored_with_its_key_and_user),
		TEST(test_a_job_needs_a_transaction),
		TEST(test_a_job_for_later),
		TEST(test_a_job_for_a_time),
	};

	return (cmocka_run_group_tests_name("jobs", tests, NULL, NULL));
}
