/* SPDX-License-Identifier: ISC */
/* DATABASE_LISTEN_URL at the start: its text, and what answers there. */

#include "database/pooler.h"
#include "database/servers.h"
#include "database/session.h"
#include "database/sync.h"

const char *
database_listen_check(const char *url, const char *setting)
{
	static struct conninfo	 info;	/* too large for the stack */

	return (url == NULL ? NULL : conninfo_read(&info, url, setting));
}

/* NULL for one that cannot be reached. */
static const char *
useless(const struct server *server)
{
	const char	*line = NULL, *warning;
	PGresult	*r = NULL;
	PGconn		*db = PQconnectdb(server->conninfo);

	if (PQstatus(db) == CONNECTION_OK)
		r = sync_run_within(db, session_sql(), SYNC_ANSWER_MS);
	if (PQresultStatus(r) == PGRES_TUPLES_OK && session_is_pooled(db, r))
		line = pooler_check(db, &warning);
	PQclear(r);
	PQfinish(db);
	return (line);
}

const char *
database_listen_useless(struct servers *servers)
{
	static struct server	 server;	/* too large for the stack */
	struct servers_walk	 walk;
	const char		*line = NULL;

	servers_begin(servers, &walk);
	while (line == NULL && servers_next(servers, &walk, &server))
		line = useless(&server);
	return (line);
}
