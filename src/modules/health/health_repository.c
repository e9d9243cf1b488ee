/* SPDX-License-Identifier: ISC */
/* The query for the schema's version, and whether the database is writable. */

#include "modules/health/health_repository.h"

QUERIES(health);
QUERY(health, database_state, database_state);
QUERY(health, runner_seen, runner_seen);

struct database_state *
health_repository_database_state(struct ctx *c)
{
	struct database_state	*state = db_one(c, health_database_state);

	if (!state->writable)
		database_reconnect();
	return (state);
}

struct runner_seen *
health_repository_runner_seen(struct ctx *c)
{
	return (db_one(c, health_runner_seen));
}
