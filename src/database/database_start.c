/* SPDX-License-Identifier: ISC */
/*
 * Checks the database before the fork: prepares each statement, plans it, and
 * compares what PostgreSQL says about it with its declaration.
 */

#include <string.h>

#include "database/migrations.h"
#include "database/start_checks.h"
#include "database/sync.h"
#include "utils/text.h"

/*
 * PREPARE does not plan, so it does not find, for example, an ON CONFLICT
 * without an index. EXPLAIN plans the statement but does not run it.
 */
static const char *
check_plan(PGconn *db, const struct query *q, unsigned nparams)
{
	const char	*problem = NULL;
	char		 sql[512];
	struct text	 t = text_in(sql, sizeof(sql));
	PGresult	*r;
	unsigned	 i;

	text_printf(&t, "EXPLAIN EXECUTE \"%s\"", q->name);
	for (i = 0; i < nparams; i++)
		text_puts(&t, i == 0 ? "(NULL" : ", NULL");
	if (i > 0)
		text_puts(&t, ")");
	if (t.cut)
		return (query_problem(q, "it has too many parameters"));
	r = PQexec(db, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		problem = query_error(q, r, false);
	PQclear(r);
	return (problem);
}

/* What PostgreSQL says of its columns and its parameters. */
static const char *
check_described(PGconn *db, const struct catalog *all, const struct query *q)
{
	const char	*problem;
	PGresult	*r;
	unsigned	 nparams;

	r = PQdescribePrepared(db, q->name);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		problem = query_error(q, r, false);
	else if ((problem = columns_check(db, all, q, r)) == NULL &&
	    (problem = params_check(db, q, r)) == NULL)
		problem = choices_check(db, all, q, r);
	nparams = (unsigned)PQnparams(r);
	PQclear(r);
	return (problem != NULL ? problem : check_plan(db, q, nparams));
}

static const char *
check_query(PGconn *db, const struct catalog *all, const struct query *q)
{
	const char	*problem = NULL;
	PGresult	*r;

	r = PQprepare(db, q->name, q->sql, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		problem = query_error(q, r, true);
	PQclear(r);
	return (problem != NULL ? problem : check_described(db, all, q));
}

static const char *
check_queries(PGconn *db)
{
	struct query	*const *queries;
	struct catalog	 all;
	const char	*problem;
	size_t		 i, n;

	if ((problem = catalog_read(&all, db)) != NULL)
		return (problem);
	queries = database_queries(&n);
	for (i = 0; problem == NULL && i < n; i++)
		problem = check_query(db, &all, queries[i]);
	catalog_free(&all);
	return (problem);
}

/* E-mail addresses are compared without case, also outside of ASCII. */
static const char *
check_locale(PGconn *db)
{
	PGresult	*r;
	bool		 fine;

	r = sync_run(db, "SELECT lower('\u00c9') = '\u00e9'", NULL, 0);
	if (r == NULL)
		return (sync_error(db));
	fine = strcmp(PQgetvalue(r, 0, 0), "t") == 0;
	PQclear(r);
	return (fine ? NULL : "the database's locale knows ASCII alone: make "
	    "one with LC_CTYPE 'C.UTF-8'");
}

const char *
database_check(void)
{
	const char	*problem;
	PGconn		*db;

	if ((db = sync_connect(&problem)) == NULL)
		return (problem);
	if ((problem = migrations_check(db)) == NULL &&
	    (problem = check_locale(db)) == NULL &&
	    (problem = check_queries(db)) == NULL)
		problem = constraints_check(db);
	PQfinish(db);
	return (problem);
}
