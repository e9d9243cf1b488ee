/* SPDX-License-Identifier: ISC */
/* What is counted for a recipient, and what is deleted again. */

/* sources: src/mail/mail_limit.c src/request/ctx.c src/coro/coro.c */
/* sources: src/request/raise.c src/base/error_kinds.c src/base/arena.c */
/* sources: src/base/mem.c src/base/faults.c */

#include "../request/request_fixture.h"

#include "jobs/jobs.h"
#include "mail/smtp.h"
#include "middleware/rate_limit.h"
#include "utils/email.h"
#include "utils/keyed_hash.h"

#define JOB_ID	"0190a0b1-c2d3-74e5-86f7-a8b9cadbecfd"

extern struct job_kind	purge_recipients_job;

const unsigned char	asset_mail_sql[] = "";
const unsigned char	asset_0008_mail_recipients_sql[] = "";
struct schema		none_schema = { .name = "none" };
struct mail_settings	mail_settings = { .secret = "a secret",
			    .secret_len = 8 };

static const struct mail	plain = { .name = "plain" },
				told = { .name = "told", .notice = true },
				*mail = &plain;
static const struct job	job = { .id = JOB_ID };
static bool		off, taken;
static const char	*address;

/* The database, which is asked with these parameters. */
static struct {
	unsigned	 times;
	const char	*query;
	char		 params[4][80];
	size_t		 nparams;
	int64_t		 counts[4];	/* what it answers */
} asked;

bool
rate_limit_off(void)
{
	return (off);
}

const char *
db_int(struct ctx *c, int64_t n)
{
	return (ctx_printf(c, "%lld", (long long)n));
}

int64_t
db_query_exec(struct ctx *c, const struct query *q, const void *from,
    const char *const *params, size_t n)
{
	size_t	 i;

	(void)c;
	assert_null(from);
	asked.query = q->name;
	asked.nparams = n;
	for (i = 0; i < n; i++)
		snprintf(asked.params[i], sizeof(asked.params[i]), "%s",
		    params[i]);
	return (asked.counts[asked.times++]);
}

static void
take(struct ctx *c)
{
	c->job = &job;
	taken = mail_limit_take(c, mail, address);
}

static const char *
outcome(void (*fn)(struct ctx *))
{
	request_begin();
	asked.times = 0;
	return (request_run(fn));
}

static void
hash_of(const char *mailbox, char out[static KEYED_HASH_TEXT])
{
	assert_true(keyed_hash("a secret", 8, "keel recipient", mailbox, out));
}

/* The mailbox, not the address, and not as it is. */
static void
test_what_is_counted(void **state)
{
	static const char *const	 same[] = {
		"ada@example.com", "Ada+win@Example.com",
	};
	char	 hash[KEYED_HASH_TEXT];
	size_t	 i;

	(void)state;
	hash_of("ada@example.com", hash);
	for (i = 0; i < 2; i++) {
		address = same[i];
		asked.counts[0] = 1;
		assert_string_equal(outcome(take), "ok");
		assert_true(taken);
		assert_int_equal(asked.times, 1);
		assert_string_equal(asked.query, "mail.count");
		assert_int_equal(asked.nparams, 4);
		assert_string_equal(asked.params[0], hash);
		assert_string_equal(asked.params[1], JOB_ID);
		assert_string_equal(asked.params[2], "5");
		assert_string_equal(asked.params[3], "86400");
	}
}

/* Each notice by itself, and none with the mails that users ask for. */
static void
test_a_notice_has_its_own_count(void **state)
{
	char	 hash[KEYED_HASH_TEXT];

	(void)state;
	assert_true(keyed_hash("a secret", 8, "keel notice told",
	    "ada@example.com", hash));
	mail = &told;
	address = "ada@example.com";
	asked.counts[0] = 1;
	assert_string_equal(outcome(take), "ok");
	assert_string_equal(asked.params[0], hash);
	assert_string_equal(asked.params[2], "5");
	assert_string_equal(asked.params[3], "86400");
	assert_string_equal(mail_limit_name(mail), "recipient_notices");
	mail = &plain;
	assert_string_equal(mail_limit_name(mail), "recipient_mails");
}

static void
test_above_the_limit(void **state)
{
	(void)state;
	address = "ada@example.com";
	asked.counts[0] = 0;
	assert_string_equal(outcome(take), "ok");
	assert_false(taken);
}

static void
test_limits_are_off(void **state)
{
	(void)state;
	off = true;
	address = "ada@example.com";
	taken = false;
	assert_string_equal(outcome(take), "ok");
	assert_true(taken);
	assert_int_equal(asked.times, 0);
	off = false;
}

static void
test_no_mailbox(void **state)
{
	static char	 text[EMAIL_KEY_MAX + 20];

	(void)state;
	memset(text, 'a', EMAIL_KEY_MAX);
	strcpy(text + EMAIL_KEY_MAX, "@example.com");
	address = text;
	assert_string_equal(outcome(take), "500 PERMANENT_FAILURE");
	assert_int_equal(asked.times, 0);
}

static void
purge(struct ctx *c)
{
	purge_recipients_job.handler(c);
}

/* A statement has five seconds, so it deletes a thousand rows at most. */
static void
test_purge_goes_on_until_none_is_left(void **state)
{
	(void)state;
	asked.counts[0] = asked.counts[1] = 1000;
	asked.counts[2] = 999;
	assert_string_equal(outcome(purge), "ok");
	assert_int_equal(asked.times, 3);
	assert_string_equal(asked.query, "mail.purge_recipients");
	assert_int_equal(asked.nparams, 1);
	assert_string_equal(asked.params[0], "1000");

	asked.counts[0] = 0;
	assert_string_equal(outcome(purge), "ok");
	assert_int_equal(asked.times, 1);
}

static void
test_purge_runs_every_hour(void **state)
{
	(void)state;
	assert_int_equal(purge_recipients_job.every, 3600);
	assert_int_equal(purge_recipients_job.attempts, 5);
	assert_int_equal(purge_recipients_job.backoff, 60);
	assert_int_equal(purge_recipients_job.timeout, 300);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_teardown(fn, request_teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_what_is_counted),
		TEST(test_a_notice_has_its_own_count),
		TEST(test_above_the_limit),
		TEST(test_limits_are_off),
		TEST(test_no_mailbox),
		TEST(test_purge_goes_on_until_none_is_left),
		TEST(test_purge_runs_every_hour),
	};

	return (cmocka_run_group_tests_name("mail_limit", tests, NULL, NULL));
}
