/* SPDX-License-Identifier: ISC */
/* The runner's counters, as Prometheus reads them. */

/* sources: src/jobs/jobs_metrics.c src/utils/text.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "jobs/jobs.h"
#include "jobs/jobs_metrics.h"

static const struct job_kind	mail = { .name = "mail" };
static const struct job_kind	purge = { .name = "purge" };

static char	buffer[8192];

static const char *
page(void)
{
	struct text	 t = text_in(buffer, sizeof(buffer));

	jobs_metrics_write(&t);
	assert_false(t.cut);
	return (buffer);
}

static void
assert_line(const char *line)
{
	if (strstr(page(), line) == NULL)
		fail_msg("no line '%s' in\n%s", line, buffer);
}

static void
test_nothing_has_ended(void **state)
{
	(void)state;
	assert_string_equal(page(),
	    "# HELP keel_job_attempts_total Attempts at jobs that have ended, "
	    "by how.\n"
	    "# TYPE keel_job_attempts_total counter\n"
	    "# HELP keel_job_attempt_seconds How long attempts took.\n"
	    "# TYPE keel_job_attempt_seconds histogram\n");
}

static void
test_each_kind_and_outcome_has_a_counter(void **state)
{
	(void)state;
	jobs_metrics_count(&mail, OUTCOME_DONE, 10);
	jobs_metrics_count(&mail, OUTCOME_DONE, 11);
	jobs_metrics_count(&mail, OUTCOME_FAILED, 60000);
	jobs_metrics_count(&mail, OUTCOME_RELEASED, 600001);
	jobs_metrics_count(&purge, OUTCOME_DEAD, 5);
	jobs_metrics_count(&purge, OUTCOME_LOST, 7);
	assert_line("attempts_total{kind=\"mail\",outcome=\"done\"} 2\n");
	assert_line("attempts_total{kind=\"mail\",outcome=\"failed\"} 1\n");
	assert_line("attempts_total{kind=\"mail\",outcome=\"dead\"} 0\n");
	assert_line("{kind=\"mail\",outcome=\"released\"} 1\n");
	assert_line("attempts_total{kind=\"purge\",outcome=\"dead\"} 1\n");
	assert_line("attempts_total{kind=\"purge\",outcome=\"lost\"} 1\n");
}

/* A bucket has what those before it have, too; its end belongs to it. */
static void
test_buckets_add_up(void **state)
{
	(void)state;
	assert_line("seconds_bucket{kind=\"mail\",le=\"0.01\"} 1\n");
	assert_line("seconds_bucket{kind=\"mail\",le=\"0.1\"} 2\n");
	assert_line("seconds_bucket{kind=\"mail\",le=\"10\"} 2\n");
	assert_line("seconds_bucket{kind=\"mail\",le=\"60\"} 3\n");
	assert_line("seconds_bucket{kind=\"mail\",le=\"600\"} 3\n");
	assert_line("seconds_bucket{kind=\"mail\",le=\"+Inf\"} 4\n");
	assert_line("seconds_sum{kind=\"mail\"} 660.022\n");
	assert_line("seconds_count{kind=\"mail\"} 4\n");
	assert_line("seconds_sum{kind=\"purge\"} 0.012\n");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_nothing_has_ended),
		cmocka_unit_test(test_each_kind_and_outcome_has_a_counter),
		cmocka_unit_test(test_buckets_add_up),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
