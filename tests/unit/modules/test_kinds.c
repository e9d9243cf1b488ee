/* SPDX-License-Identifier: ISC */
/*
 * Each of Keel's kinds of job: how often it runs, and what happens when it
 * fails. A kind of a project needs no row.
 */

/* sources: app */

#include "client.h"

#include <string.h>

#include "jobs/attempt.h"
#include "jobs/runner.h"

#define MINUTE	60
#define HOUR	3600
#define DAY	86400

static const struct {
	const char	*name;
	unsigned	 every;
	unsigned	 attempts, backoff, backoff_max, timeout;
	const char	*unique;
	const char	*payload;
	const char	*user;
} kinds[] = {
	{ "purge_audit", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL, NULL,
	    NULL },
	{ "purge_jobs", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL, NULL,
	    NULL },
	{ "purge_recipients", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL, NULL,
	    NULL },
	{ "purge_sessions", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL, NULL,
	    NULL },
	{ "send_email_confirmation", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "send_email_warning", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "send_taken_notice", 0, 150, 10, HOUR, MINUTE, NULL, "notice_taken",
	    NULL },
	{ "send_device_notice", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "send_email_notice", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "send_password_notice", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "send_role_notice", 0, 150, 10, HOUR, MINUTE, NULL, "notice",
	    "id" },
	{ "purge_account_tokens", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL,
	    NULL, NULL },
	{ "purge_idempotency_keys", HOUR, 5, MINUTE, MINUTE, 5 * MINUTE, NULL,
	    NULL, NULL },
	{ "send_password_reset", 0, 150, 10, HOUR, MINUTE, NULL,
	    "account_email", NULL },
	{ "send_reset_by_admin", 0, 150, 10, HOUR, MINUTE, NULL, "user_ref",
	    "id" },
	{ "send_verification", 0, 150, 10, HOUR, MINUTE, NULL,
	    "account_email", NULL },
	{ "send_welcome_email", 0, 150, 10, HOUR, MINUTE, "id", "user_ref",
	    "id" },
};

#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

/* Its row; NKINDS if it is a project's. */
static size_t
row_of(const struct job_kind *k)
{
	size_t	 n;

	for (n = 0; n < NKINDS && strcmp(kinds[n].name, k->name) != 0; n++)
		;
	return (n);
}

static void
test_every_kind(void **state)
{
	struct job_kind	*const *i;
	const struct job_kind	*k;
	size_t		 n, found = 0;

	(void)state;
	EACH_REGISTERED(i, job_kinds) {
		k = *i;
		if ((n = row_of(k)) == NKINDS)
			continue;
		found++;
		assert_int_equal(k->every, kinds[n].every);
		assert_int_equal(k->attempts, kinds[n].attempts);
		assert_int_equal(k->backoff, kinds[n].backoff);
		assert_int_equal(k->backoff_max, kinds[n].backoff_max);
		assert_int_equal(k->timeout, kinds[n].timeout);
		assert_false(k->atomic);
		assert_int_equal(k->mails,
		    strncmp(k->name, "send_", 5) == 0);
		if (kinds[n].unique == NULL)
			assert_null(k->unique);
		else
			assert_string_equal(k->unique, kinds[n].unique);
		if (kinds[n].user == NULL)
			assert_null(k->user);
		else
			assert_string_equal(k->user, kinds[n].user);
		if (kinds[n].payload == NULL)
			assert_null(k->payload);
		else
			assert_string_equal(k->payload->name,
			    kinds[n].payload);
	}
	assert_int_equal(found, NKINDS);
}

/*
 * The attempts at a mail: longest between the first nine, then one an hour, for
 * four to five days on average (RFC 5321, 4.5.4.1), and for a long weekend at
 * least.
 */
static void
test_the_attempts_at_a_mail(void **state)
{
	static const double	 longest[] = {
		10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600,
	};
	struct job_kind		*const *k;
	double			 least, mean;
	int64_t			 n;

	(void)state;
	EACH_REGISTERED(k, job_kinds) {
		if (row_of(*k) == NKINDS ||
		    strncmp((*k)->name, "send_", 5) != 0)
			continue;
		for (n = 1; n <= 12; n++)
			assert_true(attempt_backoff(*k, n, 1) ==
			    longest[n - 1]);
		least = mean = 0;
		for (n = 1; n < (int64_t)(*k)->attempts; n++) {
			least += attempt_backoff(*k, n, 0);
			mean += attempt_backoff(*k, n, 0.5);
		}
		assert_true(mean > 4 * DAY && mean < 5 * DAY);
		assert_true(least > 63 * HOUR);	/* Friday 18:00 to Monday */
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		CLIENT_TEST(test_every_kind),
		CLIENT_TEST(test_the_attempts_at_a_mail),
	};

	return (cmocka_run_group_tests_name("kinds", tests, client_start,
	    NULL));
}
