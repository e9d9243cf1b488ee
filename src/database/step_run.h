/* SPDX-License-Identifier: ISC */
/* Calls a migration's step. For src/database only. */

#ifndef DATABASE_STEP_RUN_H
#define DATABASE_STEP_RUN_H

#include "database/migrate.h"

/*
 * Calls the step of run->m. False: it has failed; *why is what it says itself,
 * or NULL if a statement has failed.
 */
bool	step_apply(struct migrate *, const char **why);

#endif
