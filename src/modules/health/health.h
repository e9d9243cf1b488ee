/* SPDX-License-Identifier: ISC */
/* Health, readiness and metrics. */

#ifndef MODULES_HEALTH_H
#define MODULES_HEALTH_H

#include "database/database.h"
#include "http/schema_response.h"

/* health_models.c */

struct database_state {
	int64_t	version;		/* of the schema */
	bool	writable;
};

extern const struct model	database_state_model;

/* health_schemas.c */

struct health {
	const char	*status;
};

SCHEMA_RESPONSE(health, health);

/* health_service.c */

/*
 * Returns "ready" if the database responds, is writable, and has a schema that
 * is not older than ours. Raises ERR_UNAVAILABLE otherwise.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* The metrics page: Prometheus text format 0.0.4, in the ctx's arena. */
const char	*health_service_metrics(struct ctx *);

/* health_repository.c */

/*
 * The state of the database. If it is read-only, renews all connections:
 * otherwise a server that gets no more writes would stay connected to a former
 * primary.
 */
struct database_state	*health_repository_database_state(struct ctx *)
			    AWAITS;

#endif
