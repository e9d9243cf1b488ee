/* SPDX-License-Identifier: ISC */
/* What a runner has counted since it began. */

#ifndef JOBS_JOBS_METRICS_H
#define JOBS_JOBS_METRICS_H

#include <stdint.h>

#include "utils/text.h"

struct job_kind;

/* How an attempt ended. */
enum job_outcome {
	OUTCOME_DONE,
	OUTCOME_FAILED,		/* and is repeated */
	OUTCOME_DEAD,
	OUTCOME_RELEASED,	/* the runner was stopped */
	OUTCOME_LOST		/* the job was another attempt's by then */
};

#define JOB_OUTCOMES	(OUTCOME_LOST + 1)

/* Counts an attempt that has ended, and how long it took. */
void		 jobs_metrics_count(const struct job_kind *, enum job_outcome,
		    uint64_t ms);

/* Adds the attempts by kind, in Prometheus' text format. */
void		 jobs_metrics_write(struct text *);

#endif
