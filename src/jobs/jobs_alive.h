/* SPDX-License-Identifier: ISC */
/*
 * Tells the database that this runner is alive, and asks it how many jobs there
 * are.
 */

#ifndef JOBS_JOBS_ALIVE_H
#define JOBS_JOBS_ALIVE_H

#include "request/ctx.h"
#include "utils/text.h"

/* Once, with the runner's id, which must live as long as the process. */
void	 jobs_alive_init(const char *runner);

/* At every tick. */
void	 jobs_alive_tick(uint64_t now);

/*
 * Adds what jobs there are, in Prometheus' text format. The numbers are at most
 * five seconds old; if the database does not give them within two seconds, they
 * are left out, and PRODUCT_jobs_counted is 0.
 */
void	 jobs_alive_write(struct ctx *, struct text *) AWAITS;

#endif
