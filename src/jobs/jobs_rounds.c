/* SPDX-License-Identifier: ISC */
/* When the database is asked for a round of each scheduled kind. */

#include "base/log.h"
#include "jobs/jobs_repository.h"
#include "jobs/rounds.h"
#include "jobs/runner.h"

#define ASK_MS		60000		/* at most, until it asks again */
#define AGAIN_MS	2000		/* if that failed */
#define ZONE_AGAIN_MS	3600000		/* until it looks for a zone again */

static bool	zone_is_known(struct ctx *, struct job_kind *) AWAITS;
static void	schedule(struct ctx *, struct job_kind *) AWAITS;

/* PostgreSQL would take nearly any text for an offset of its own making. */
static bool
zone_is_known(struct ctx *c, struct job_kind *k)
{
	if (k->zone == NULL || k->zone_known)
		return (true);
	if (jobs_repository_zone_is_known(c, k->zone)) {
		k->zone_known = true;
		return (true);
	}
	log_event(LEVEL_ERROR, NULL, "jobs", "%s: the job %s has no rounds: "
	    "the database knows no time zone \"%s\" (pg_timezone_names "
	    "lists all)", k->file, k->name, k->zone);
	return (false);
}

static void
schedule(struct ctx *c, struct job_kind *k)
{
	uint64_t	 began = coro_now_ms();
	int64_t		 wait;

	k->ask_at = began + AGAIN_MS;
	if (!zone_is_known(c, k)) {
		k->ask_at = coro_now_ms() + ZONE_AGAIN_MS;
		return;
	}
	wait = jobs_repository_schedule(c, k);
	if (wait < 1)
		wait = 1;
	k->ask_at = wait < ASK_MS ? coro_now_ms() + (uint64_t)wait :
	    began + ASK_MS;
}

void
rounds_schedule(struct ctx *c)
{
	struct job_kind	*const *k;

	EACH_REGISTERED(k, job_kinds) {
		if (rounds_has(*k) && (*k)->ask_at <= coro_now_ms())
			schedule(c, *k);
	}
}

bool
rounds_are_due(uint64_t now)
{
	struct job_kind	*const *k;

	EACH_REGISTERED(k, job_kinds) {
		if (rounds_has(*k) && (*k)->ask_at <= now)
			return (true);
	}
	return (false);
}
