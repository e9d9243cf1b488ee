/* SPDX-License-Identifier: ISC */
/* Health, readiness and metrics. */

#ifndef MODULES_HEALTH_H
#define MODULES_HEALTH_H

#include "http/schema_response.h"

/* health_schemas.c */

struct health {
	const char	*status;
};

SCHEMA_RESPONSE(health, health);

/* health_service.c */

/*
 * Returns "ready" if the database responds, is writable, and has a schema that
 * is not older than ours, and this server is not stopping. Raises
 * ERR_UNAVAILABLE otherwise.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* The metrics page: Prometheus text format 0.0.4, in the ctx's arena. */
const char	*health_service_metrics(struct ctx *);

#endif
