/* SPDX-License-Identifier: ISC */
/*
 * Tries each choice that kore.conf allows for a column on the column: its
 * length, the labels of an enum, a domain, and each CHECK of that column alone.
 * Otherwise a role that only the table does not know would be a 409 for every
 * client that uses it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/start_checks.h"
#include "database/sync.h"
#include "schema/validator.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define CHOICE_MAX	256	/* characters */

/* What a choice must fit. */
struct target {
	const struct column	*column;
	const char		*validator;
	char			 name[128];	/* quoted */
	char			 type[128];
	char			 base[128];	/* below a domain */
	char			 kind;		/* pg_type.typtype */
	int			 length;	/* 0: no limit */
};

static const char	find_target[] =
    "SELECT quote_ident(a.attname), format_type(t.oid, -1), "
    "format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, "
    "-1), t.typtype, CASE WHEN m.modifier > 4 AND (t.typtype = 'd' OR "
    "t.typcategory = 'S') THEN m.modifier - 4 ELSE 0 END "
    "FROM pg_catalog.pg_attribute a "
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid, "
    "LATERAL (SELECT CASE t.typtype WHEN 'd' THEN t.typtypmod "
    "ELSE a.atttypmod END AS modifier) m "
    "WHERE a.attrelid = $1::oid AND a.attnum = $2::int";

/* Of this column and no other. */
static const char	find_checks[] =
    "SELECT conname, pg_get_expr(conbin, conrelid) "
    "FROM pg_catalog.pg_constraint WHERE contype = 'c' "
    "AND conrelid = $1::oid AND conkey = ARRAY[$2::int2] ORDER BY conname";

static PGresult *
ask(PGconn *db, const char *sql, const struct column *c)
{
	char		 table[16], number[16];
	const char	*params[] = { table, number };

	snprintf(table, sizeof(table), "%u", c->table);
	snprintf(number, sizeof(number), "%d", c->number);
	return (sync_run(db, sql, params, 2));
}

static const char *
target_read(struct target *t, PGconn *db)
{
	PGresult	*r = ask(db, find_target, t->column);

	if (r == NULL || PQntuples(r) != 1) {
		PQclear(r);
		return (sync_error(db));
	}
	snprintf(t->name, sizeof(t->name), "%s", PQgetvalue(r, 0, 0));
	snprintf(t->type, sizeof(t->type), "%s", PQgetvalue(r, 0, 1));
	snprintf(t->base, sizeof(t->base), "%s", PQgetvalue(r, 0, 2));
	t->kind = *PQgetvalue(r, 0, 3);
	t->length = atoi(PQgetvalue(r, 0, 4));
	PQclear(r);
	return (NULL);
}

/* False only if PostgreSQL says so: a CHECK accepts what is null, too. */
static bool
is_false(const PGresult *r)
{
	return (r != NULL && PQntuples(r) == 1 && !PQgetisnull(r, 0, 0) &&
	    *PQgetvalue(r, 0, 0) == 'f');
}

/* What a CHECK cannot say of a value alone is left to PostgreSQL. */
static bool
check_refuses(PGconn *db, const struct target *t, const char *expression,
    const char *choice)
{
	static char	 sql[4096];
	struct text	 text = text_in(sql, sizeof(sql));
	PGresult	*r;
	bool		 refused;

	text_printf(&text, "SELECT (%s) FROM (SELECT $1::%s AS %s) AS t",
	    expression, t->base, t->name);
	if (text.cut)
		return (false);
	r = sync_run(db, sql, &choice, 1);
	refused = is_false(r);
	PQclear(r);
	return (refused);
}

/* Does an enum, or a domain, refuse it? */
static bool
type_refuses(PGconn *db, const struct target *t, const char *choice)
{
	char		 sql[256];
	PGresult	*r;
	bool		 refused;

	if (t->kind != 'e' && t->kind != 'd')
		return (false);
	snprintf(sql, sizeof(sql), "SELECT $1::text::%s", t->type);
	r = sync_run(db, sql, &choice, 1);
	refused = r == NULL && PQstatus(db) == CONNECTION_OK;
	PQclear(r);
	return (refused);
}

/* A cast to a domain cuts what is too long: the length goes first. */
static const char *
try_type(PGconn *db, const struct target *t, const char *choice,
    size_t characters)
{
	const struct column	*c = t->column;

	if (t->length > 0 && characters > (size_t)t->length)
		return (start_error("kore.conf: %s allows \"%s\", and %s.%s "
		    "takes %d characters: add a migration that makes it "
		    "longer", t->validator, choice, c->table_name, c->name,
		    t->length));
	if (!type_refuses(db, t, choice))
		return (NULL);
	if (t->kind == 'e')
		return (start_error("kore.conf: %s allows \"%s\", which is no "
		    "label of the type %s of %s.%s: add a migration with "
		    "ALTER TYPE %s ADD VALUE '%s'", t->validator, choice,
		    t->type, c->table_name, c->name, t->type, choice));
	return (start_error("kore.conf: %s allows \"%s\", and the domain %s "
	    "of %s.%s refuses it: add a migration that allows it",
	    t->validator, choice, t->type, c->table_name, c->name));
}

static const char *
try_choice(PGconn *db, const struct target *t, const PGresult *checks,
    const char *choice, size_t characters)
{
	const char	*problem = try_type(db, t, choice, characters);
	int		 i;

	for (i = 0; problem == NULL && i < PQntuples(checks); i++) {
		if (check_refuses(db, t, PQgetvalue(checks, i, 1), choice))
			problem = start_error("kore.conf: %s allows \"%s\", "
			    "and the CHECK %s of %s.%s refuses it: add a "
			    "migration that allows it", t->validator, choice,
			    PQgetvalue(checks, i, 0), t->column->table_name,
			    t->column->name);
	}
	return (problem);
}

/* Each of ^(user|staff|admin)$. */
static const char *
try_choices(PGconn *db, const struct target *t, const PGresult *checks,
    const char *pattern)
{
	const char	*problem = NULL, *p;
	char		 choice[CHOICE_MAX * 4 + 1];
	size_t		 n, i, characters;

	for (p = pattern + 2; problem == NULL && *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		if (n >= sizeof(choice))
			return (start_error("kore.conf: a choice of %s is too "
			    "long", t->validator));
		for (characters = i = 0; i < n; i++)
			characters += ((unsigned char)p[i] & 0xc0) != 0x80;
		snprintf(choice, sizeof(choice), "%.*s", (int)n, p);
		problem = try_choice(db, t, checks, choice, characters);
	}
	return (problem);
}

static const char *
check_column(PGconn *db, const struct column *c, const char *validator,
    const char *pattern)
{
	struct target	 t = { .column = c, .validator = validator };
	const char	*problem;
	PGresult	*checks;

	if ((problem = target_read(&t, db)) != NULL)
		return (problem);
	if ((checks = ask(db, find_checks, c)) == NULL)
		return (sync_error(db));
	problem = try_choices(db, &t, checks, pattern);
	PQclear(checks);
	return (problem);
}

const char *
choices_check(PGconn *db, const struct catalog *all, const struct query *q,
    const PGresult *r)
{
	const struct rule	*rule;
	const char		*problem = NULL;
	struct rule_facts	 facts;
	struct column		*c;
	size_t			 i;

	if (q->row->rules == NULL)
		return (NULL);
	for (i = 0; problem == NULL && i < schema_columns(q->row); i++) {
		if ((rule = q->row->rules[i]) == NULL ||
		    (c = catalog_find(all, r, (int)i)) == NULL ||
		    c->checked == rule)
			continue;
		c->checked = rule;
		rule_describe(rule, &facts);
		if (facts.kind == RULE_CHOICE)
			problem = check_column(db, c,
			    q->row->members[i].validator, facts.pattern);
	}
	return (problem);
}
