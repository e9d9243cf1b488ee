/* SPDX-License-Identifier: ISC */
/* Is the server alive, is it ready, how much does it do. */

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
 * "ready" when the database answers, takes writes, and its schema is not older
 * than ours. Raises ERR_UNAVAILABLE otherwise.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* The admin listener's page: Prometheus text, exposition format 0.0.4. */
const char	*health_service_metrics(struct ctx *);

#endif
