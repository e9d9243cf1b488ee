/* SPDX-License-Identifier: ISC */
/* Health, readiness, metrics, and the routes of unknown paths. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/health/health.h"

ROUTER(health, "Health checks and metrics.");

/* The event loop runs; the database is not asked. */
static void
alive(struct ctx *c)
{
	static const struct health	 ok = { .status = "ok" };

	health_respond(c, &ok);
}

static void
ready(struct ctx *c)
{
	health_respond(c, health_service_ready(c));
}

static void
show_metrics(struct ctx *c)
{
	respond_text(c, 200, "text/plain; version=0.0.4",
	    health_service_metrics(c));
}

ROUTE(healthz, GET(alive, .auth = &public, .out = &health_schema,
    .any_query = true, .doc = "Check that the server is alive."));

ROUTE(readyz, GET(ready, .auth = &public, .out = &health_schema,
    .any_query = true,
    .doc = "Check that the server and the database are ready."));

ROUTE(metrics_page, GET(show_metrics, .auth = &public, .raw = true,
    .any_query = true, .doc = "Metrics for Prometheus."));

/* The last routes of kore.conf, for all other paths: no methods. */
ROUTE(not_found);
ROUTE(admin_not_found);
