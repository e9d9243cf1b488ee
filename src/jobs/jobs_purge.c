/* SPDX-License-Identifier: ISC */
/*
 * A scheduled job that deletes jobs that ended long ago, and ends those that
 * nobody will do, because no version knows their kind any more.
 */

#include "base/log.h"
#include "jobs/jobs_repository.h"
#include "jobs/runner.h"
#include "utils/text.h"
#include "utils/timefmt.h"

#define BATCH		1000	/* rows per statement; it may take 5 seconds */
#define UNKNOWN_DAYS	7	/* from when such a job was due */

static void	bury_unknown(struct ctx *) AWAITS;
static void	purge_jobs(struct ctx *) AWAITS;

/* The names of all kinds, as a text[] literal. */
static const char *
names_of_kinds(struct ctx *c)
{
	struct job_kind	*const *k;
	struct text	 names = arena_text(&c->arena);

	text_puts(&names, "{");
	EACH_REGISTERED(k, job_kinds)
		text_printf(&names, "%s%s", names.len > 1 ? "," : "",
		    (*k)->name);
	text_puts(&names, "}");
	if (names.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (names.data);
}

/*
 * A runner of another version may know the kind, and be late. So there are
 * warnings first, every hour.
 */
static void
bury_unknown(struct ctx *c)
{
	const char		*kinds = names_of_kinds(c);
	struct unknown_kind	*rows;
	char			 since[TIMEFMT_TEXT];
	size_t			 n, i;

	rows = jobs_repository_unknown(c, kinds, &n);
	for (i = 0; i < n; i++) {
		timefmt_rfc3339(rows[i].since, since);
		log_event(LEVEL_WARNING, NULL, "jobs", "%lld job(s) of the "
		    "kind %s wait since %s: this version has no such kind, "
		    "and after %d days they are dead", (long long)rows[i].jobs,
		    rows[i].kind, since, UNKNOWN_DAYS);
	}
	while (jobs_repository_bury(c, kinds, UNKNOWN_DAYS, BATCH) == BATCH)
		;
}

/*
 * Done and cancelled jobs are kept for JOBS_KEEP_DAYS, dead ones until an admin
 * acts.
 */
static void
purge_jobs(struct ctx *c)
{
	while (jobs_repository_purge(c, jobs_settings.keep_days, BATCH) ==
	    BATCH)
		;
	bury_unknown(c);
}

JOB(purge_jobs, .every = 3600, .attempts = 5, .backoff = 60, .timeout = 300);
