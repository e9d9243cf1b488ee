/* SPDX-License-Identifier: ISC */
/* The row that describes the state of the database. */

#include "modules/health/health_repository.h"

static const struct column	database_state_columns[] = {
	COLUMN(database_state, version, T_INT),
	COLUMN(database_state, writable, T_BOOL),
};

MODEL(database_state);
