/* SPDX-License-Identifier: ISC */
/*
 * The job runner: it claims jobs that are due, runs them and renews their
 * leases. For src/jobs and jobs_main.c.
 */

#ifndef JOBS_RUNNER_H
#define JOBS_RUNNER_H

#include "base/register.h"
#include "jobs/jobs.h"

/* Every kind of job (JOB), and the struct of its payload (JOB_KIND). */
REGISTERED(struct job_kind, job_kinds);

REGISTERED(const struct job_payload, job_payloads);

/*
 * runner_init(), once, when the loop is ready: names this process. It then
 * claims jobs every two seconds, and at once after runner_told().
 */
void		 runner_init(void);
void		 runner_told(void);

/* At every tick. */
void		 runner_tick(uint64_t now);

/* Is it ending? */
bool		 runner_is_draining(void);

/* Claims no more jobs. Returns how many attempts and claims still run. */
unsigned	 runner_drain(void);

/* Interrupts the attempts that still run, and releases their jobs. */
void		 runner_cancel(void);

#endif
