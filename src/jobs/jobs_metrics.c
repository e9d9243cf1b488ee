/* SPDX-License-Identifier: ISC */
/* Counts the attempts of this runner: by kind, by outcome, and how long. */

#include <inttypes.h>
#include <stdlib.h>

#include "jobs/jobs_metrics.h"
#include "jobs/runner.h"
#include "product.h"

/* Upper ends of the histogram's buckets, in milliseconds. */
static const struct bucket {
	uint64_t	 ms;
	const char	*seconds;
} buckets[] = {
	{ 10, "0.01" }, { 100, "0.1" }, { 1000, "1" }, { 10000, "10" },
	{ 60000, "60" }, { 600000, "600" },
};

#define NBUCKETS	(sizeof(buckets) / sizeof(buckets[0]))

struct tally {
	const struct job_kind	*kind;
	uint64_t		 outcomes[JOB_OUTCOMES];
	uint64_t		 within[NBUCKETS];	/* each has those
							   before it, too */
	uint64_t		 all;
	uint64_t		 ms;
	struct tally		*next;
};

static struct tally	*tallies;

static const char *const	outcome_names[JOB_OUTCOMES] = {
	[OUTCOME_DONE] = "done",
	[OUTCOME_FAILED] = "failed",
	[OUTCOME_DEAD] = "dead",
	[OUTCOME_RELEASED] = "released",
	[OUTCOME_LOST] = "lost",
};

/* NULL if memory runs out: the attempt is then not counted. */
static struct tally *
tally_of(const struct job_kind *k)
{
	struct tally	*t;

	for (t = tallies; t != NULL; t = t->next) {
		if (t->kind == k)
			return (t);
	}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	t->kind = k;
	t->next = tallies;
	tallies = t;
	return (t);
}

void
jobs_metrics_count(const struct job_kind *k, enum job_outcome outcome,
    uint64_t ms)
{
	struct tally	*t = tally_of(k);
	size_t		 i;

	if (t == NULL)
		return;
	t->outcomes[outcome]++;
	t->all++;
	t->ms += ms;
	for (i = 0; i < NBUCKETS; i++)
		t->within[i] += ms <= buckets[i].ms;
}

static void
write_outcomes(struct text *page)
{
	const struct tally	*t;
	size_t			 i;

	text_puts(page,
	    "# HELP " PRODUCT "_job_attempts_total Attempts at jobs that have "
	    "ended, by how.\n"
	    "# TYPE " PRODUCT "_job_attempts_total counter\n");
	for (t = tallies; t != NULL; t = t->next) {
		for (i = 0; i < JOB_OUTCOMES; i++)
			text_printf(page, PRODUCT "_job_attempts_total{kind="
			    "\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
			    t->kind->name, outcome_names[i], t->outcomes[i]);
	}
}

static void
write_seconds(struct text *page)
{
	const struct tally	*t;
	size_t			 i;

	text_puts(page,
	    "# HELP " PRODUCT "_job_attempt_seconds How long attempts took.\n"
	    "# TYPE " PRODUCT "_job_attempt_seconds histogram\n");
	for (t = tallies; t != NULL; t = t->next) {
		for (i = 0; i < NBUCKETS; i++)
			text_printf(page, PRODUCT "_job_attempt_seconds_bucket"
			    "{kind=\"%s\",le=\"%s\"} %" PRIu64 "\n",
			    t->kind->name, buckets[i].seconds, t->within[i]);
		text_printf(page, PRODUCT "_job_attempt_seconds_bucket"
		    "{kind=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		    PRODUCT "_job_attempt_seconds_sum{kind=\"%s\"} %" PRIu64
		    ".%03" PRIu64 "\n"
		    PRODUCT "_job_attempt_seconds_count{kind=\"%s\"} %" PRIu64
		    "\n", t->kind->name, t->all, t->kind->name, t->ms / 1000,
		    t->ms % 1000, t->kind->name, t->all);
	}
}

void
jobs_metrics_write(struct text *page)
{
	write_outcomes(page);
	write_seconds(page);
}
