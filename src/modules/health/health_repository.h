/* SPDX-License-Identifier: ISC */
/* The state of the database. For src/modules/health only. */

#ifndef MODULES_HEALTH_REPOSITORY_H
#define MODULES_HEALTH_REPOSITORY_H

#include "database/database.h"
#include "modules/health/health.h"

/* health_models.c */

struct database_state {
	int64_t	version;		/* of the schema: the last migration */
	int64_t	own_version;		/* the last of a project's own, or 0 */
	bool	writable;
};

SCHEMA_DECLARE(database_state, database_state);

struct runner_seen {
	int64_t	seconds;	/* since a runner was alive; or INT_NULL */
};

SCHEMA_DECLARE(runner_seen, runner_seen);

/* health_repository.c */

/*
 * The state of the database. If it is read-only, renews all connections:
 * otherwise a server that gets no more writes would stay connected to a former
 * primary.
 */
struct database_state	*health_repository_database_state(struct ctx *)
			    AWAITS;

/* When a job runner was last alive. */
struct runner_seen	*health_repository_runner_seen(struct ctx *) AWAITS;

#endif
