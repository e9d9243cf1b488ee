/* SPDX-License-Identifier: ISC */
/* Alive, ready, metrics; and every path that there is not. */

#include "http/respond.h"
#include "http/routes.h"
#include "modules/health/health.h"

ROUTER(health, "What an operator's monitor asks.");

/* Alive: the loop turns. No database is asked. */
static void
alive(struct ctx *c)
{
	static const struct health	 ok = { "ok" };

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

ROUTE(healthz, GET(alive, .out = &health_schema, .doc = "Is it alive?"));

ROUTE(readyz, GET(ready, .out = &health_schema,
    .doc = "Can it serve? Asks the database."));

ROUTE(metrics_page, GET(show_metrics, .doc = "Metrics for Prometheus."));

/* kore.conf's last routes: no method of any other path. */
ROUTE(not_found);
ROUTE(admin_not_found);
