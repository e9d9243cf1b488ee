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

/* The columns of a foreign key. */
static const char	keys_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a "
    "ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) "
    "WHERE k.contype = 'f' AND k.conname = $1 AND a.attname = $2";

/* The number of rows; -1: the database has failed. */
static int
count(PGconn *db, const char *text, const char *const *params, int nparams)
{
	PGresult	*r = sync_run(db, text, params, nparams);
	int		 found = r == NULL ? -1 : PQntuples(r);

	PQclear(r);
	return (found);
}

static const char *
check_member(PGconn *db, const struct constraint *k)
{
	const char	*params[] = { k->name, k->member };
	int		 found;

	if (k->member == NULL)
		return (NULL);
	if ((found = count(db, keys_sql, params, 2)) == -1)
		return (sync_error(db));
	if (found == 0)
		return (start_error("%s: CONSTRAINT(%s, ...): .member = \"%s\" "
		    "is no column of a foreign key of this name", k->file,
		    k->name, k->member));
	return (NULL);
}

const char *
constraints_check(PGconn *db)
{
	const struct constraint	*const *k;
	const char		*problem;
	int			 found;

	EACH_REGISTERED(k, constraints) {
		found = count(db, sql, &(*k)->name, 1);
		if (found == -1)
			return (sync_error(db));
		if (found == 0)
			return (start_error("%s: CONSTRAINT(%s, ...): no "
			    "constraint and no index of the database has this "
			    "name", (*k)->file, (*k)->name));
		if ((problem = check_member(db, *k)) != NULL)
			return (problem);
	}
	return (NULL);
}
