/* SPDX-License-Identifier: ISC */
/* The columns of all tables, read once for all checks. */

#include <stdlib.h>
#include <string.h>

#include "database/start_checks.h"
#include "database/sync.h"

/* A domain may be NOT NULL, too. */
static const char	sql[] =
    "SELECT a.attrelid, a.attnum, c.relname, a.attname, "
    "NOT (a.attnotnull OR t.typnotnull) "
    "FROM pg_catalog.pg_attribute a "
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
    "WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 "
    "AND NOT a.attisdropped "
    "AND n.nspname !~ '^(pg_|information_schema$)'";

const char *
catalog_read(struct catalog *all, PGconn *db)
{
	struct column	*c;
	int		 i;

	memset(all, 0, sizeof(*all));
	if ((all->texts = sync_run(db, sql, NULL, 0)) == NULL)
		return (sync_error(db));
	all->ncolumns = (size_t)PQntuples(all->texts);
	all->columns = calloc(all->ncolumns + 1, sizeof(*c));
	if (all->columns == NULL) {
		PQclear(all->texts);
		return ("out of memory");
	}
	for (c = all->columns, i = 0; i < PQntuples(all->texts); i++, c++) {
		c->table = (Oid)strtoul(PQgetvalue(all->texts, i, 0), NULL,
		    10);
		c->number = atoi(PQgetvalue(all->texts, i, 1));
		c->table_name = PQgetvalue(all->texts, i, 2);
		c->name = PQgetvalue(all->texts, i, 3);
		c->may_be_null = *PQgetvalue(all->texts, i, 4) == 't';
	}
	return (NULL);
}

void
catalog_free(struct catalog *all)
{
	PQclear(all->texts);
	free(all->columns);
}

struct column *
catalog_find(const struct catalog *all, const PGresult *r, int i)
{
	struct column	*c;

	for (c = all->columns; c < all->columns + all->ncolumns; c++) {
		if (c->table == PQftable(r, i) &&
		    c->number == PQftablecol(r, i))
			return (c);
	}
	return (NULL);
}
