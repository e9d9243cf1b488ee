/* SPDX-License-Identifier: ISC */
/* Whether this job runner does its work, and its metrics. */

#include "jobs/jobs_metrics.h"
#include "jobs/jobs_alive.h"
#include "jobs/runner.h"
#include "modules/health/health.h"
#include "modules/runner/runner_parts.h"

struct health *
runner_service_ready(struct ctx *c)
{
	if (runner_is_draining())
		raise_error(c, &ERR_UNAVAILABLE, "The runner is stopping");
	return (health_service_ready(c));
}

const char *
runner_service_metrics(struct ctx *c)
{
	struct text	 page = arena_text(&c->arena);

	health_service_write(&page);
	jobs_alive_write(c, &page);
	jobs_metrics_write(&page);
	if (page.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (page.data);
}
