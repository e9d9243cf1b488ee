/* SPDX-License-Identifier: ISC */
/* Blocking statements, each on its own connection: see sync.h. */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database/pooler.h"
#include "database/row.h"
#include "database/servers.h"
#include "database/session.h"
#include "database/sync.h"
#include "database/unreplicated.h"
#include "product.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define PARAMS_MAX	16	/* of a statement of a command */
#define PATIENCE	5	/* seconds, until a line says that it waits */

static const char	*database_url, *database_setting;
static struct servers	*servers;
static bool		 unreplicated;	/* the last statement's commit */

/* libpq would send these variables as settings, which a pooler may refuse. */
void
database_init(const char *url, const char *setting)
{
	unsetenv("PGTZ");
	unsetenv("PGDATESTYLE");
	unsetenv("PGGEQO");
	database_url = url;
	database_setting = setting;
	servers = NULL;
}

struct servers *
database_servers(const char **problem)
{
	if (servers == NULL)
		servers = servers_of(database_url, database_setting, problem);
	return (servers);
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

/* As libpq does by itself, except for the one that is an error. */
static void
notice(void *arg, const PGresult *r)
{
	(void)arg;
	if (tells_unreplicated(r))
		unreplicated = true;
	else
		fputs(PQresultErrorMessage(r), stderr);
}

static void
say_it_waits(int number)
{
	static const char	 line[] = PRODUCT ": the database has not "
				    "answered yet: a commit may wait for a "
				    "synchronous standby\n";

	(void)number;
	if (write(STDERR_FILENO, line, sizeof(line) - 1) == -1)
		return;		/* there is nobody to tell */
}

PGresult *
sync_run(PGconn *db, const char *sql, const char *const *params, int n)
{
	PGresult	*r;
	void		(*before)(int);

	unreplicated = false;
	before = signal(SIGALRM, say_it_waits);
	alarm(PATIENCE);
	r = n == 0 ? PQexec(db, sql) :
	    PQexecParams(db, sql, n, NULL, params, NULL, NULL, 0);
	alarm(0);
	signal(SIGALRM, before);
	if (!unreplicated && (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK))
		return (r);
	PQclear(r);
	return (NULL);
}

const char *
sync_error(PGconn *db)
{
	if (unreplicated)
		return ("database: " UNREPLICATED);
	return (start_error("database: %s", PQerrorMessage(db)));
}

bool
sync_take_unreplicated(void)
{
	bool	 was = unreplicated;

	unreplicated = false;
	return (was);
}

static void
ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* Until one is good. */
static const char *
check_pooler(PGconn *db)
{
	static bool	 is_good;
	const char	*problem, *warning;

	if (is_good)
		return (NULL);
	if ((problem = pooler_check(db, &warning)) != NULL)
		return (problem);
	is_good = true;
	if (warning != NULL)
		fprintf(stderr, PRODUCT ": warning: %s: %s\n",
		    database_setting, warning);
	return (NULL);
}

static const char *
check_session(PGconn *db, const PGresult *r)
{
	const char	*problem;

	if ((problem = session_check_set(r)) == NULL &&
	    (problem = session_check_reported(db)) == NULL &&
	    session_is_pooled(db, r))
		problem = check_pooler(db);
	return (problem != NULL ? start_error("%s: %s",
	    database_setting, problem) : NULL);
}

/* Before client_min_messages is set, the role's own may show any message. */
static const char *
set_session(PGconn *db)
{
	PQnoticeProcessor	 shown;
	const char		*problem;
	PGresult		*r;

	shown = PQsetNoticeProcessor(db, ignore_notice, NULL);
	r = sync_run_within(db, session_sql(), SYNC_ANSWER_MS);
	PQsetNoticeProcessor(db, shown, NULL);
	if (r == NULL)
		return (start_error("%s: it accepts the connection, but does "
		    "not answer: is a connection pooler there, and has its "
		    "pool no connection left?", database_setting));
	problem = PQresultStatus(r) == PGRES_TUPLES_OK ?
	    check_session(db, r) : sync_error(db);
	PQclear(r);
	return (problem);
}

/* Returns NULL, and adds why to the message, if the server will not do. */
static PGconn *
connect_to(const char *conninfo, struct text *message)
{
	PGconn		*db = PQconnectdb(conninfo);
	const char	*said = PQerrorMessage(db);

	if (PQstatus(db) == CONNECTION_OK)
		return (db);
	text_printf(message, "%s%s%s", message->len > 0 ? "; " : "",
	    start_error("%s", said), hint(conninfo, said));
	PQfinish(db);
	return (NULL);
}

/* The first server that will do. */
static PGconn *
connect_to_one(const char **problem)
{
	static struct server	 server;	/* too large for the stack */
	struct servers_walk	 walk;
	char			 data[1024];
	struct text		 message = text_in(data, sizeof(data));
	const char		*wrong = NULL;
	PGconn			*db;

	servers_begin(servers, &walk);
	while (servers_next(servers, &walk, &server)) {
		if ((db = connect_to(server.conninfo, &message)) == NULL)
			continue;
		if ((wrong = set_session(db)) == NULL) {
			PQsetNoticeReceiver(db, notice, NULL);
			servers_works(servers, server.name);
			return (db);
		}
		PQfinish(db);
	}
	*problem = wrong != NULL ? wrong :
	    start_error("cannot reach the database: %s", data);
	return (NULL);
}

PGconn *
sync_connect(const char **problem)
{
	return (database_servers(problem) == NULL ? NULL :
	    connect_to_one(problem));
}

/* The values in the statement's order, which may be another one. */
static PGresult *
run_query(PGconn *db, const struct query *q, const char *const *given,
    size_t ngiven)
{
	const char	*params[PARAMS_MAX];
	unsigned	 i;

	if (q->params == NULL)		/* it has none, or was not loaded */
		return (sync_run(db, q->sql, given, (int)ngiven));
	for (i = 0; i < q->nparams && i < PARAMS_MAX; i++)
		params[i] = given[q->params[i].given];
	return (sync_run(db, q->sql, params, (int)i));
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
	if ((r = run_query(db, q, params, nparams)) == NULL)
		problem = sync_error(db);
	else
		*touched = atoll(PQcmdTuples(r));
	PQclear(r);
	PQfinish(db);
	return (problem);
}

/* False, and *problem, unless every value is what its member says. */
static bool
read_row(const struct query *q, const PGresult *r, int row, char *out,
    const char **problem)
{
	const struct member	*m;
	const char		*wrong = NULL;
	size_t			 i;

	for (i = 0; i < schema_columns(q->row); i++) {
		m = &q->row->members[i];
		wrong = row_read_column(r, row, (int)i, m,
		    out + m->offset);
		if (wrong == NULL)
			continue;
		*problem = start_error("%s: %s %s", q->name, m->name, wrong);
		return (false);
	}
	return (true);
}

static void *
read_rows(const struct query *q, const PGresult *r, const char **problem)
{
	int	 row, n = PQntuples(r);
	char	*out;

	if ((size_t)PQnfields(r) != schema_columns(q->row)) {
		*problem = start_error("%s: the columns have changed", q->name);
		return (NULL);
	}
	if ((out = calloc((size_t)n + 1, q->row->size)) == NULL) {
		*problem = "out of memory";
		return (NULL);
	}
	for (row = 0; row < n; row++) {
		if (!read_row(q, r, row, out + (size_t)row * q->row->size,
		    problem)) {
			free(out);
			return (NULL);
		}
	}
	return (out);
}

/* The rows' texts are in the result, so it is kept, too. */
void *
database_many_now(const struct query *q, size_t *n, const char **problem,
    const char *const *params, size_t nparams)
{
	void		*rows = NULL;
	PGresult	*r;
	PGconn		*db;

	if ((db = sync_connect(problem)) == NULL)
		return (NULL);
	if ((r = run_query(db, q, params, nparams)) == NULL)
		*problem = sync_error(db);
	else
		rows = read_rows(q, r, problem);
	PQfinish(db);
	if (rows == NULL)
		PQclear(r);
	else
		*n = (size_t)PQntuples(r);
	return (rows);
}
