/* SPDX-License-Identifier: ISC */
/* Blocking statements, each on its own connection: see sync.h. */

#include <stdlib.h>
#include <string.h>

#include "database/sync.h"
#include "utils/start_error.h"

static const char	*database_url;

void
database_init(const char *url)
{
	database_url = url;
}

/* Names our own default that may have caused the error. */
static const char *
hint(const char *conninfo, const char *said)
{
	if (strstr(said, "session is read-only") != NULL)
		return (" (target_session_attrs=read-write)");
	if (strstr(conninfo, "sslmode='verify-full'") != NULL &&
	    (strstr(said, "SSL was required") != NULL ||
	    strstr(said, "SSL error") != NULL ||
	    strstr(said, "server certificate") != NULL))
		return (" (sslmode=verify-full; sslrootcert=FILE has the "
		    "certificate of its authority)");
	return ("");
}

static PGconn *
connect_to(const char *conninfo, const char **problem)
{
	PGconn		*db = PQconnectdb(conninfo);
	const char	*said;
	size_t		 len;

	if (PQstatus(db) == CONNECTION_OK)
		return (db);
	said = PQerrorMessage(db);
	for (len = strlen(said); len > 0 && said[len - 1] == '\n'; len--)
		;
	*problem = start_error("cannot reach the database: %.*s%s", (int)len,
	    said, hint(conninfo, said));
	PQfinish(db);
	return (NULL);
}

PGconn *
sync_connect(const char **problem)
{
	const char	*conninfo;

	if ((conninfo = database_conninfo(database_url, problem)) == NULL)
		return (NULL);
	return (connect_to(conninfo, problem));
}

PGresult *
sync_run(PGconn *db, const char *sql, const char *const *params, int n)
{
	PGresult	*r;

	r = n == 0 ? PQexec(db, sql) :
	    PQexecParams(db, sql, n, NULL, params, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK)
		return (r);
	PQclear(r);
	return (NULL);
}

const char *
sync_error(PGconn *db)
{
	return (start_error("database: %s", PQerrorMessage(db)));
}

const char *
database_exec_now(const struct query *q, int64_t *touched,
    const char *const *params, size_t nparams)
{
	const char	*problem = NULL;
	PGresult	*r;
	PGconn		*db;

	if ((db = sync_connect(&problem)) == NULL)
		return (problem);
	if ((r = sync_run(db, q->sql, params, (int)nparams)) == NULL)
		problem = sync_error(db);
	else
		*touched = atoll(PQcmdTuples(r));
	PQclear(r);
	PQfinish(db);
	return (problem);
}
