/* SPDX-License-Identifier: ISC */
/* DATABASE_LISTEN_URL at the start: its text, and what answers there. */

#include <string.h>

#include "database/pooler.h"
#include "database/session.h"
#include "database/sync.h"
#include "product.h"
#include "utils/start_error.h"

#define LISTEN_URL	ENV("DATABASE_LISTEN_URL")

const char *
database_listen_check(const char *url)
{
	PQconninfoOption	*options;

	if (url == NULL)
		return (NULL);
	if ((options = PQconninfoParse(url, NULL)) == NULL)
		return (LISTEN_URL " is neither a valid URI nor key=value "
		    "pairs (percent-encode a URI's password)");
	PQconninfoFree(options);
	return (NULL);
}

/* In memory of its own: the next database_conninfo() overwrites its result. */
const char *
database_listen_conninfo(const char *url, const char **problem)
{
	const char	*conninfo = database_conninfo(url, problem);

	if (conninfo != NULL && (conninfo = strdup(conninfo)) == NULL)
		*problem = "out of memory";
	else if (conninfo == NULL)
		*problem = start_error(LISTEN_URL "%s", *problem +
		    strlen(ENV("DATABASE_URL")));
	return (conninfo);
}

const char *
database_listen_useless(const char *conninfo)
{
	const char	*useless = NULL, *warning;
	PGresult	*r = NULL;
	PGconn		*db = PQconnectdb(conninfo);

	if (PQstatus(db) == CONNECTION_OK)
		r = sync_run_within(db, session_sql(), SYNC_ANSWER_MS);
	if (PQresultStatus(r) == PGRES_TUPLES_OK && session_is_pooled(db, r))
		useless = pooler_check(db, &warning);
	PQclear(r);
	PQfinish(db);
	return (useless);
}
