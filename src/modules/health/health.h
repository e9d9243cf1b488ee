/* SPDX-License-Identifier: ISC */
/* Health, readiness and metrics. */

#ifndef MODULES_HEALTH_H
#define MODULES_HEALTH_H

#include "http/schema_response.h"
#include "utils/text.h"

/* health_schemas.c */

struct health {
	const char	*status;
	const char	*warning;	/* NULL: none */
};

SCHEMA_RESPONSE(health, health);

/* health_service.c */

/*
 * Returns "ready" if the database responds, is writable, and has a schema that
 * is not older than ours, and this server is not stopping. Raises
 * ERR_UNAVAILABLE otherwise. With a warning if no job runner was alive for a
 * minute: mails and other background work then wait.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* Adds the metrics of this process and its workers, as below. */
void		 health_service_write(struct text *);

/* The metrics page: Prometheus text format 0.0.4, in the ctx's arena. */
const char	*health_service_metrics(struct ctx *);

#endif
