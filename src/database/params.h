/* SPDX-License-Identifier: ISC */
/* The parameters of a statement. For src/database only. */

#ifndef DATABASE_PARAMS_H
#define DATABASE_PARAMS_H

#include "database/query.h"

/*
 * The values of $1, $2, ... as texts, in the ctx's memory: those that are
 * given, in the order in which the query declares them, and members of the
 * struct `from`.
 */
const char	*const *params_bind(struct ctx *, const struct query *,
		    const void *from, const char *const *given);

#endif
