/* SPDX-License-Identifier: ISC */
/*
 * Watches the leases of all runners, and the database's clock. For src/jobs
 * only.
 */

#ifndef JOBS_WATCH_H
#define JOBS_WATCH_H

#include "jobs/jobs.h"

/* Every two seconds. now is coro_now_ms(). */
bool	 watch_is_due(uint64_t now);

/*
 * Puts back the jobs whose leases have not been renewed for as long as a lease
 * lasts, and logs a line for each. After the database's clock was set back,
 * jobs that wait do not wait for longer. Returns whether jobs may be due by
 * that. Raises what the database raises.
 */
bool	 watch_jobs(struct ctx *) AWAITS;

#endif
