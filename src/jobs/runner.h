/* SPDX-License-Identifier: ISC */
/*
 * The runner of jobs: it claims what is due, runs it, and keeps the leases. For
 * src/jobs and jobs_main.c.
 */

#ifndef JOBS_RUNNER_H
#define JOBS_RUNNER_H

#include "base/register.h"
#include "jobs/jobs.h"

/* Every kind of job: see JOB; and what they declare: see JOB_KIND. */
REGISTERED(struct job_kind, job_kinds);

REGISTERED(const struct job_payload, job_payloads);

/*
 * Once, when the loop is ready: this process gets a name, and begins to ask for
 * jobs. It asks every two seconds, and at once after runner_told().
 */
void		 runner_init(void);
void		 runner_told(void);

/* At every tick. */
void		 runner_tick(uint64_t now);

/* Claims nothing from now on. How many attempts still run? */
unsigned	 runner_drain(void);

/* What still runs is ended where it stands, and handed back. */
void		 runner_cancel(void);

#endif
