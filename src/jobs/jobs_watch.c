/* SPDX-License-Identifier: ISC */
/*
 * A runner that has died leaves jobs behind. The database's clock cannot say
 * when their leases are over, because it may be set: an hour forward, all
 * leases of living runners would be over at once; an hour back, those of dead
 * ones would last for an hour more. So each runner looks at the leases of all,
 * and measures with its own clock how long each has stood still.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_repository.h"
#include "jobs/watch.h"
#include "utils/text.h"
#include "utils/uuid.h"

#define WATCH_MS	2000
#define RESET_MS	60000	/* between looks for waits that are too long */
#define BACK_US		1000000	/* a clock that is set back by less is right */
#define LEASES_MAX	2000	/* the oldest ones */
#define BATCH		1000	/* rows per statement; it may take 5 seconds */

/* A lease, and when it was first seen to end at that time, by coro_now_ms(). */
struct seen {
	char		 id[UUID_TEXT];
	int64_t		 lease;
	uint64_t	 since;
};

static struct {
	struct seen	*seen;		/* in the order of their ids */
	size_t		 n;
	uint64_t	 at;		/* of the last look; 0: none */
	int64_t		 clock;		/* the database's then */
	uint64_t	 answered;
	uint64_t	 reset_at;	/* the next; 0: now */
} watch;

static bool	put_back(struct ctx *) AWAITS;
static void	reset_waits(struct ctx *) AWAITS;

bool
watch_is_due(uint64_t now)
{
	return (watch.at == 0 || now - watch.at >= WATCH_MS);
}

static int
compare_ids(const void *a, const void *b)
{
	return (strcmp(((const struct seen *)a)->id,
	    ((const struct seen *)b)->id));
}

/* At now, after the database's answer: so not before its runner stored it. */
static void
see(struct seen *s, const struct job_lease *row, uint64_t now)
{
	const struct seen	*before;

	snprintf(s->id, sizeof(s->id), "%s", row->id);
	s->lease = row->run_at;
	s->since = now;
	before = watch.n == 0 ? NULL : bsearch(s, watch.seen, watch.n,
	    sizeof(*s), compare_ids);
	if (before != NULL && before->lease == s->lease)
		s->since = before->since;
}

static void
see_all(struct ctx *c, const struct job_lease *rows, size_t n, uint64_t now)
{
	struct seen	*seen = mem_calloc(n + 1, sizeof(*seen));
	size_t		 i, found = 0;

	if (seen == NULL)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	for (i = 0; i < n; i++) {
		if (rows[i].id != NULL)
			see(&seen[found++], &rows[i], now);
	}
	qsort(seen, found, sizeof(*seen), compare_ids);
	mem_free(watch.seen);
	watch.seen = seen;
	watch.n = found;
}

/* Between two looks the clock must go on as long as ours did, or longer. */
static void
compare_clocks(int64_t clock, uint64_t asked)
{
	int64_t	 least = watch.clock + 1000 * (int64_t)(asked -
		    watch.answered);

	if (watch.clock == 0 || clock >= least - BACK_US)
		return;
	log_event(LEVEL_WARNING, NULL, "jobs", "the database's clock was set "
	    "back by about %lld seconds: jobs that wait do not wait for longer",
	    (long long)((least - clock + 500000) / 1000000));
	watch.reset_at = 0;
}

/* The leases that have stood still for as long as one lasts. */
static bool
put_back(struct ctx *c)
{
	struct text	 ids = arena_text(&c->arena);
	struct text	 leases = arena_text(&c->arena);
	const char	*comma = "";
	struct job_left	*jobs;
	size_t		 i, n;

	for (i = 0; i < watch.n; i++) {
		if (watch.answered - watch.seen[i].since < LEASE_MS)
			continue;
		text_printf(&ids, "%s%s", *comma == '\0' ? "{" : comma,
		    watch.seen[i].id);
		text_printf(&leases, "%s%s", *comma == '\0' ? "{" : comma,
		    db_time(c, watch.seen[i].lease));
		comma = ",";
	}
	if (*comma == '\0')
		return (false);
	text_puts(&ids, "}");
	text_puts(&leases, "}");
	if (ids.cut || leases.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	jobs = jobs_repository_put_back(c, ids.data, leases.data, &n);
	for (i = 0; i < n; i++)
		log_event(LEVEL_WARNING, NULL, "lease", "the job %s (%s) is "
		    "put back: its runner has not renewed the lease for %d "
		    "seconds", jobs[i].id, jobs[i].kind, LEASE_MS / 1000);
	return (n > 0);
}

static void
reset_waits(struct ctx *c)
{
	while (jobs_repository_reset_waits(c, BATCH) == BATCH)
		;
	watch.reset_at = coro_now_ms() + RESET_MS;
}

bool
watch_jobs(struct ctx *c)
{
	struct job_lease	*rows;
	uint64_t		 asked = coro_now_ms(), now;
	size_t			 n, i;
	bool			 due;

	watch.at = asked;
	rows = jobs_repository_held(c, LEASES_MAX, &n);
	now = coro_now_ms();
	/* The database was away, or we were: nobody could renew. */
	if (watch.answered != 0 && now - watch.answered >= LEASE_MS / 2)
		watch.n = 0;
	for (i = 0; i < n; i++) {
		if (rows[i].id != NULL)
			continue;
		compare_clocks(rows[i].run_at, asked);
		watch.clock = rows[i].run_at;
		watch.answered = now;
	}
	see_all(c, rows, n, now);
	due = put_back(c);
	if (watch.reset_at <= now) {
		reset_waits(c);
		due = true;
	}
	return (due);
}
