/* SPDX-License-Identifier: ISC */
/* The query for the schema's version, and whether the database is writable. */

#include "modules/health/health_repository.h"

QUERIES(health);
QUERY(health, database_state, database_state);

struct database_state *
health_repository_database_state(struct ctx *c)
{
	struct database_state	*state = db_one(c, health_database_state);

	if (!state->writable)
		database_reconnect();
	return (state);
}
