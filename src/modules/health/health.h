/* SPDX-License-Identifier: ISC */
/* Is the server alive, is it ready, how much does it do. */

#ifndef MODULES_HEALTH_H
#define MODULES_HEALTH_H

#include "database/database.h"
#include "http/schema_answer.h"

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

SCHEMA_ANSWER(health, health);

/* health_service.c */

/*
 * "ready" when the database answers, takes writes, and its schema is not older
 * than ours. Raises ERR_UNAVAILABLE otherwise.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* The admin listener's page: Prometheus text, exposition format 0.0.4. */
const char	*health_service_metrics(struct ctx *);

/* health_repository.c */

/*
 * What the database is like. Where it takes no writes, every connection is made
 * anew: without this, a server that is sent no more writes would stay there.
 */
struct database_state	*health_repository_database_state(struct ctx *)
			    AWAITS;

#endif
