/* SPDX-License-Identifier: ISC */
/*
 * Checks the database before the fork: prepares each statement and compares its
 * columns with its model.
 */

#include <string.h>

#include "database/migrations.h"
#include "database/pool.h"
#include "database/sync.h"
#include "utils/start_error.h"
#include "utils/text.h"

static const char *
query_problem(const struct query *q, const char *problem)
{
	return (start_error("sql/queries: %s: %s", q->name, problem));
}

/* Does a column of this SQL type (pg_type.oid) fit the member's type? */
static bool
type_fits(enum member_type type, Oid oid)
{
	switch (type) {
	case T_STR:
		return (oid == 25 || oid == 1043);	/* text, varchar */
	case T_UUID:
		return (oid == 2950);
	case T_BOOL:
		return (oid == 16);
	case T_INT:
		return (oid == 20 || oid == 21 || oid == 23);
	case T_TIME:
		return (oid == 1184);			/* timestamptz */
	case T_JSON:
		return (oid == 3802);			/* jsonb */
	case T_LIST:
		break;
	}
	return (false);
}

static const char *
check_columns(const struct query *q, const PGresult *r)
{
	size_t	 i;

	if ((size_t)PQnfields(r) != q->row->nmembers)
		return (query_problem(q, "its columns are not those of its "
		    "model"));
	for (i = 0; i < q->row->nmembers; i++) {
		if (strcmp(PQfname(r, (int)i), q->row->members[i].name) != 0)
			return (query_problem(q, "its columns are not those "
			    "of its model, or in another order"));
		if (!type_fits(q->row->members[i].type,
		    PQftype(r, (int)i)))
			return (query_problem(q, "a column has another type "
			    "than its model's"));
	}
	return (NULL);
}

/*
 * PREPARE does not plan, so it does not find, for example, an ON CONFLICT
 * without an index. EXPLAIN plans the statement but does not run it.
 */
static const char *
check_plan(PGconn *db, const struct query *q)
{
	const char	*problem = NULL;
	char		 sql[512];
	struct text	 t = text_in(sql, sizeof(sql));
	PGresult	*r;
	unsigned	 i;

	text_printf(&t, "EXPLAIN EXECUTE \"%s\"", q->name);
	for (i = 0; i < q->nparams; i++)
		text_puts(&t, i == 0 ? "(NULL" : ", NULL");
	if (i > 0)
		text_puts(&t, ")");
	if (t.cut)
		return (query_problem(q, "it has too many parameters"));
	r = PQexec(db, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		problem = query_problem(q, PQresultErrorMessage(r));
	PQclear(r);
	return (problem);
}

static const char *
check_query(PGconn *db, struct query *q)
{
	const char	*problem = NULL;
	PGresult	*r;

	r = PQprepare(db, q->name, q->sql, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK) {
		problem = query_problem(q, PQresultErrorMessage(r));
		PQclear(r);
		return (problem);
	}
	PQclear(r);
	r = PQdescribePrepared(db, q->name);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		problem = query_problem(q, PQresultErrorMessage(r));
	else
		problem = check_columns(q, r);
	q->nparams = (unsigned)PQnparams(r);
	PQclear(r);
	return (problem != NULL ? problem : check_plan(db, q));
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
	struct query	*const *all;
	const char	*problem;
	size_t		 i, n;
	PGconn		*db;

	if ((db = sync_connect(&problem)) == NULL)
		return (problem);
	if ((problem = migrations_check(db)) == NULL)
		problem = check_locale(db);
	all = database_queries(&n);
	for (i = 0; i < n && problem == NULL; i++)
		problem = check_query(db, all[i]);
	PQfinish(db);
	return (problem);
}
