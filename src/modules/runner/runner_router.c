/* SPDX-License-Identifier: ISC */
/* The job runner's own port: its health and its metrics. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/health/health.h"
#include "modules/runner/runner_parts.h"

ROUTER(runner, "Health checks and metrics of the job runner.");

/* The event loop runs; the database is not asked. */
static void
runner_alive(struct ctx *c)
{
	static const struct health	 ok = { .status = "ok" };

	health_respond(c, &ok);
}

static void
runner_ready(struct ctx *c)
{
	health_respond(c, runner_service_ready(c));
}

static void
show_job_metrics(struct ctx *c)
{
	respond_text(c, 200, "text/plain; version=0.0.4",
	    runner_service_metrics(c));
}

ROUTE(runner_healthz, GET(runner_alive, .auth = &public, .out = &health_schema,
    .any_query = true, .doc = "Check that the runner is alive."));

ROUTE(runner_readyz, GET(runner_ready, .auth = &public, .out = &health_schema,
    .any_query = true,
    .doc = "Check that the runner reaches the database."));

ROUTE(runner_metrics, GET(show_job_metrics, .auth = &public, .raw = true,
    .any_query = true, .doc = "Metrics of the runner for Prometheus."));

/* The last route of its domain, for all other paths: no methods. */
ROUTE(runner_not_found);
