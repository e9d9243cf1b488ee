/* SPDX-License-Identifier: ISC */
/*
 * Scheduled kinds of jobs: one job for each round, no matter how many runners
 * there are. A round begins by the database's clock. For src/jobs only.
 */

#ifndef JOBS_ROUNDS_H
#define JOBS_ROUNDS_H

#include "jobs/jobs.h"

/* Is the kind scheduled? */
static inline bool
rounds_has(const struct job_kind *k)
{
	return (k->every != 0 || k->daily != NULL);
}

/*
 * Checks .every, .daily and .zone. Returns NULL, or what is wrong, to follow
 * the kind's name.
 */
const char	*rounds_check(const struct job_kind *);

/* Is it time to ask the database for a round? now is coro_now_ms(). */
bool		 rounds_are_due(uint64_t now);

/*
 * Stores the jobs of rounds that have begun. A kind is asked for when its next
 * round begins and at least every minute, since clocks may be wrong. Raises
 * what the database raises; the other kinds are asked for the next time.
 */
void		 rounds_schedule(struct ctx *) AWAITS;

#endif
