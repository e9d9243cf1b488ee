/* SPDX-License-Identifier: ISC */
/* What the file of a migration may not contain. */

#include "database/migrate.h"
#include "database/sql_split.h"
#include "utils/start_error.h"

static const char *
refuse(const struct migration *m, const struct sql_split *s, const char *why)
{
	unsigned	 line = 1;
	const char	*p;

	for (p = m->sql; p < s->text; p++)
		line += *p == '\n';
	return (start_error("sql/migrations/%s.sql, line %u: %s", m->name,
	    line, why));
}

/* It may run again, after a crash: see docs/migrations.md. */
static const char *
check_build(const struct migration *m, const struct sql_split *s,
    const struct sql_build *b)
{
	if (b->index_len == 0 || b->table_len == 0)
		return (refuse(m, s, "give the index a plain name: one that "
		    "was left unfinished is found by it"));
	return (NULL);
}

static const char *
check_statement(const struct migration *m, const struct sql_split *s)
{
	struct sql_build	 b = { 0 };
	enum sql_kind		 kind = sql_kind(s, &b);

	if (s->broken)
		return (refuse(m, s, "a string or a comment has no end"));
	if (kind == SQL_TRANSACTION)
		return (refuse(m, s, "the file may not begin or end "
		    "transactions: ./keel migrate does"));
	if (kind == SQL_COPY)
		return (refuse(m, s, "COPY from or to the client is not "
		    "possible: write INSERT"));
	if (m->no_transaction && kind == SQL_BUILD)
		return (check_build(m, s, &b));
	if (m->no_transaction && sql_drops_once(s))
		return (refuse(m, s, "write DROP INDEX CONCURRENTLY IF EXISTS: "
		    "it may run again, after a crash"));
	if (!m->no_transaction &&
	    (kind == SQL_BUILD || kind == SQL_CONCURRENTLY))
		return (start_error("sql/migrations/%s.sql: CONCURRENTLY needs "
		    "a migration that is no transaction: write MIGRATION(%s, "
		    ".no_transaction = true)", m->name, m->name));
	return (NULL);
}

const char *
migrate_check(const struct migration *m)
{
	struct sql_split	 s = sql_split(m->sql);
	const char		*problem;

	while (sql_split_next(&s)) {
		if ((problem = check_statement(m, &s)) != NULL)
			return (problem);
	}
	return (NULL);
}
