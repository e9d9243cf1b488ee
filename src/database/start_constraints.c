/* SPDX-License-Identifier: ISC */
/* Checks that the constraints that have messages are in the database. */

#include "base/register.h"
#include "database/database.h"
#include "database/start_checks.h"
#include "database/sync.h"
#include "utils/start_error.h"

REGISTERED(const struct constraint, constraints);

/* A unique index that is no constraint is only in pg_class. */
static const char	sql[] =
    "SELECT FROM pg_catalog.pg_constraint WHERE conname = $1 UNION ALL "
    "SELECT FROM pg_catalog.pg_class WHERE relname = $1 "
    "AND relkind IN ('i', 'I')";

const char *
constraints_check(PGconn *db)
{
	const struct constraint	*const *k;
	PGresult		*r;
	int			 found;

	EACH_REGISTERED(k, constraints) {
		r = sync_run(db, sql, (const char *const[]){ (*k)->name }, 1);
		if (r == NULL)
			return (sync_error(db));
		found = PQntuples(r);
		PQclear(r);
		if (found == 0)
			return (start_error("%s: CONSTRAINT(%s, ...): no "
			    "constraint and no index of the database has this "
			    "name", (*k)->file, (*k)->name));
	}
	return (NULL);
}
