/* SPDX-License-Identifier: ISC */
/* How often each kind of job is repeated, and for how long it may run. */

/* sources: app */

#include "client.h"

#include <string.h>

#include "jobs/jobs.h"

static const struct {
	const char	*name, *unique;
	unsigned	 attempts, backoff, backoff_max, timeout, every;
} expected[] = {
	{ "send_welcome_email", "id", 20, 10, 3600, 60, 0 },
	{ "send_email_confirmation", NULL, 20, 10, 3600, 60, 0 },
	{ "send_email_warning", NULL, 20, 10, 3600, 60, 0 },
	{ "send_taken_notice", NULL, 20, 10, 3600, 60, 0 },
	{ "send_device_notice", NULL, 20, 10, 3600, 60, 0 },
	{ "send_email_notice", NULL, 20, 10, 3600, 60, 0 },
	{ "send_password_notice", NULL, 20, 10, 3600, 60, 0 },
	{ "send_role_notice", NULL, 20, 10, 3600, 60, 0 },
	{ "send_password_reset", NULL, 20, 10, 3600, 60, 0 },
	{ "send_reset_by_admin", NULL, 20, 10, 3600, 60, 0 },
	{ "send_verification", NULL, 20, 10, 3600, 60, 0 },
	{ "purge_account_tokens", NULL, 5, 60, 60, 300, 3600 },
	{ "purge_audit", NULL, 5, 60, 60, 300, 3600 },
	{ "purge_jobs", NULL, 5, 60, 60, 300, 3600 },
	{ "purge_recipients", NULL, 5, 60, 60, 300, 3600 },
	{ "purge_sessions", NULL, 5, 60, 60, 300, 3600 },
};

#define NEXPECTED	(sizeof(expected) / sizeof(expected[0]))

REGISTERED(struct job_kind, job_kinds);

/* Mail: twenty attempts, from ten seconds up to an hour: docs/jobs.md. */
static void
test_kinds(void **state)
{
	struct job_kind	*const *k;
	size_t		 i, n = 0;

	(void)state;
	EACH_REGISTERED(k, job_kinds) {
		for (i = 0; i < NEXPECTED; i++) {
			if (strcmp((*k)->name, expected[i].name) == 0)
				break;
		}
		if (i == NEXPECTED)
			fail_msg("%s is not in the table", (*k)->name);
		n++;
		assert_int_equal((*k)->attempts, expected[i].attempts);
		assert_int_equal((*k)->backoff, expected[i].backoff);
		assert_int_equal((*k)->backoff_max, expected[i].backoff_max);
		assert_int_equal((*k)->timeout, expected[i].timeout);
		assert_int_equal((*k)->every, expected[i].every);
		if (expected[i].unique == NULL)
			assert_null((*k)->unique);
		else
			assert_string_equal((*k)->unique, expected[i].unique);
	}
	assert_int_equal(n, NEXPECTED);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = { CLIENT_TEST(test_kinds) };

	return (cmocka_run_group_tests_name("job_kinds", tests, client_start,
	    NULL));
}
