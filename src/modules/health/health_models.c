/* SPDX-License-Identifier: ISC */
/* The row that describes the state of the database. */

#include "modules/health/health_repository.h"

static const struct member	database_state_members[] = {
	MEMBER(database_state, version, T_INT, 0),
	MEMBER(database_state, own_version, T_INT, 0),
	MEMBER(database_state, writable, T_BOOL, 0),
};

static const struct member	runner_seen_members[] = {
	MEMBER(runner_seen, seconds, T_INT, OR_NULL),
};

SCHEMA(database_state);
SCHEMA(runner_seen);
