/* SPDX-License-Identifier: ISC */
/*
 * Compares the columns of a statement with the members of its row: their names,
 * their types, and whether they may be null.
 */

#include <stdio.h>
#include <string.h>

#include "database/start_checks.h"
#include "database/sync.h"
#include "utils/start_error.h"
#include "utils/text.h"

/* The names of the types in C, and in SQL: what to cast to. */
static const struct {
	const char	*name, *cast;
} types[] = {
	[T_STR] = { "T_STR", "text" },
	[T_UUID] = { "T_UUID", "uuid" },
	[T_BOOL] = { "T_BOOL", "boolean" },
	[T_INT] = { "T_INT", "bigint" },
	[T_TIME] = { "T_TIME", "timestamptz" },
	[T_JSON] = { "T_JSON", "jsonb" },
	[T_LIST] = { "T_LIST", NULL },
	[T_OBJECT] = { "T_OBJECT", NULL },
};

/* The type of a member that reads this SQL type (pg_type.oid); -1: none. */
static int
type_of(Oid oid)
{
	switch (oid) {
	case 25: case 1043:			/* text, varchar */
		return (T_STR);
	case 2950:
		return (T_UUID);
	case 16:
		return (T_BOOL);
	case 20: case 21: case 23:
		return (T_INT);
	case 1184:				/* timestamptz */
		return (T_TIME);
	case 3802:
		return (T_JSON);
	}
	return (-1);
}

/* "struct user", or "the schema user_public" of that struct. */
static const char *
whose(const struct schema *row, char *out, size_t size)
{
	bool	 same = row->structure == NULL ||
		    strcmp(row->structure, row->name) == 0;

	snprintf(out, size, same ? "struct %s" : "the schema %s", row->name);
	return (out);
}

static bool
has_column(const PGresult *r, const char *name)
{
	int	 i;

	for (i = 0; i < PQnfields(r); i++) {
		if (strcmp(PQfname(r, i), name) == 0)
			return (true);
	}
	return (false);
}

/* Adds `"bio"` or `, "bio"`. */
static void
list_name(struct text *names, const char *name)
{
	text_printf(names, "%s\"%s\"", names->len > 0 ? ", " : "", name);
}

/* An object of the row that the statement returns, too; NULL: none. */
static const char *
find_object(const struct query *q, const PGresult *r)
{
	size_t	 i;

	for (i = schema_columns(q->row); i < q->row->nmembers; i++) {
		if (has_column(r, q->row->members[i].name))
			return (q->row->members[i].name);
	}
	return (NULL);
}

/* Another number of columns than of members: names those that are wrong. */
static const char *
check_number(const struct query *q, const PGresult *r)
{
	char		 lacks[256], adds[256], owner[80];
	struct text	 missing = text_in(lacks, sizeof(lacks));
	struct text	 extra = text_in(adds, sizeof(adds));
	size_t		 i, n = (size_t)PQnfields(r);

	whose(q->row, owner, sizeof(owner));
	for (i = 0; i < schema_columns(q->row); i++) {
		if (!has_column(r, q->row->members[i].name))
			list_name(&missing, q->row->members[i].name);
	}
	for (i = 0; i < n; i++) {
		if (schema_own_member(q->row, PQfname(r, (int)i)) == NULL)
			list_name(&extra, PQfname(r, (int)i));
	}
	if (q->row->nmembers == 0)
		return (query_problem(q, "it returns %s, and its declaration "
		    "(QUERY_EXEC) says that it has no rows", extra.data));
	if (n == 0)
		return (query_problem(q, "it returns nothing, and %s has %s: "
		    "write RETURNING, or declare it with QUERY_EXEC", owner,
		    missing.data));
	if (missing.len > 0 && extra.len > 0)
		return (query_problem(q, "it lacks %s of %s, which has no %s",
		    missing.data, owner, extra.data));
	if (missing.len > 0)
		return (query_problem(q, "it lacks %s of %s", missing.data,
		    owner));
	if (extra.len > 0)
		return (query_problem(q, "it returns %s, which %s does not "
		    "have", extra.data, owner));
	if (find_object(q, r) != NULL)
		return (query_problem(q, "it returns \"%s\", which is an "
		    "OBJECT of %s, and no column is: code sets it",
		    find_object(q, r), owner));
	return (query_problem(q, "it returns %zu columns, some twice, and %s "
	    "has %zu", n, owner, schema_columns(q->row)));
}

static const char *
check_names(const struct query *q, const PGresult *r)
{
	char	 owner[80];
	size_t	 i;

	if ((size_t)PQnfields(r) != schema_columns(q->row))
		return (check_number(q, r));
	for (i = 0; i < schema_columns(q->row); i++) {
		if (strcmp(PQfname(r, (int)i), q->row->members[i].name) != 0)
			return (query_problem(q, "column %zu is \"%s\", %s "
			    "has \"%s\" there", i + 1, PQfname(r, (int)i),
			    whose(q->row, owner, sizeof(owner)),
			    q->row->members[i].name));
	}
	return (NULL);
}

/* Writes the SQL type's name; returns whether it is an enum. */
static bool
name_type(PGconn *db, Oid oid, int modifier, char *out, size_t size)
{
	char		 number[16], more[16];
	const char	*params[] = { number, more };
	PGresult	*r;
	bool		 is_enum = false;

	snprintf(number, sizeof(number), "%u", oid);
	snprintf(more, sizeof(more), "%d", modifier);
	snprintf(out, size, "an unknown one");
	r = sync_run(db, "SELECT format_type(oid, $2::int), typtype = 'e' "
	    "FROM pg_catalog.pg_type WHERE oid = $1::oid", params, 2);
	if (r != NULL && PQntuples(r) == 1) {
		snprintf(out, size, "%s", PQgetvalue(r, 0, 0));
		is_enum = *PQgetvalue(r, 0, 1) == 't';
	}
	PQclear(r);
	return (is_enum);
}

static const char *
check_type(PGconn *db, const struct query *q, const PGresult *r, int i)
{
	const struct member	*m = &q->row->members[i];
	int			 fit = type_of(PQftype(r, i));
	char			 type[128], owner[80];

	if (fit == (int)m->type)
		return (NULL);
	if (name_type(db, PQftype(r, i), PQfmod(r, i), type, sizeof(type)) &&
	    m->type == T_STR)
		return (NULL);
	whose(q->row, owner, sizeof(owner));
	if (m->type == T_LIST)
		return (query_problem(q, "%s of %s is a T_LIST, and no column "
		    "is", m->name, owner));
	if (fit != -1)
		return (query_problem(q, "column %d, \"%s\": a column of type "
		    "%s is %s, and %s has %s there", i + 1, m->name, type,
		    types[fit].name, owner, types[m->type].name));
	return (query_problem(q, "column %d, \"%s\": no member can be of type "
	    "%s: write %s::%s AS %s for the %s of %s", i + 1, m->name, type,
	    m->name, types[m->type].cast, m->name, types[m->type].name,
	    owner));
}

/* "OUT | OR_NULL": the member's flags, and one more. */
static const char *
flags_with_null(const struct member *m, struct text *out)
{
	static const struct {
		unsigned	 flag;
		const char	*name;
	} all[] = {
		{ OUT, "OUT" }, { REQUIRED, "REQUIRED" }, { SECRET, "SECRET" },
		{ ETAG, "ETAG" }, { EXPECTED, "EXPECTED" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (m->flags & all[i].flag)
			text_printf(out, "%s | ", all[i].name);
	}
	text_puts(out, "OR_NULL");
	return (out->data);
}

/* Has the member more than its type and flags? */
static bool
has_more(const struct member *m)
{
	return (m->validator != NULL || m->fallback != NULL ||
	    m->example != NULL || m->doc != NULL);
}

static const char *
check_null(const struct query *q, const struct member *m,
    const struct column *c)
{
	char		 buffer[80];
	struct text	 flags = text_in(buffer, sizeof(buffer));

	if (c == NULL || !c->may_be_null || m->flags & (OR_NULL | OPTIONAL))
		return (NULL);
	if (m->flags & ETAG)
		return (query_problem(q, "%s.%s may be null, and an ETAG "
		    "cannot: make the column NOT NULL", c->table_name,
		    c->name));
	return (query_problem(q, "%s.%s may be null: write MEMBER(%s, %s, %s, "
	    "%s%s)%s%s", c->table_name, c->name, m->structure, m->name,
	    types[m->type].name, flags_with_null(m, &flags),
	    has_more(m) ? ", ..." : "", m->type == T_BOOL ?
	    ", and in the struct: enum bool_or_null " : "",
	    m->type == T_BOOL ? m->name : ""));
}

const char *
columns_check(PGconn *db, const struct catalog *all, const struct query *q,
    const PGresult *r)
{
	const char	*problem = check_names(q, r);
	int		 i;

	for (i = 0; problem == NULL && i < PQnfields(r); i++)
		problem = check_type(db, q, r, i);
	for (i = 0; problem == NULL && i < PQnfields(r); i++)
		problem = check_null(q, &q->row->members[i],
		    catalog_find(all, r, i));
	return (problem);
}

/*
 * Does a member give a value of that type? Every value is sent as a text, so
 * one of a type that no member has is left to PostgreSQL.
 */
static bool
param_fits(const struct query_param *p, int type)
{
	if (type == -1)
		return (true);
	if (p->is_set)
		return (type == T_BOOL);
	if (p->member->type == T_STR)
		return (type == T_STR || type == T_JSON);
	if (p->member->type == T_UUID || p->member->type == T_JSON)
		return (type == T_STR || type == (int)p->member->type);
	return (type == (int)p->member->type);
}

const char *
params_check(PGconn *db, const struct query *q, const PGresult *r)
{
	const struct query_param	*p;
	char				 type[128], owner[80];
	int				 i, fit;

	if (q->params != NULL && PQnparams(r) != (int)q->nparams)
		return (query_problem(q, "PostgreSQL sees %d parameters, not "
		    "%u", PQnparams(r), q->nparams));
	for (i = 0; q->params != NULL && i < (int)q->nparams; i++) {
		p = &q->params[i];
		fit = type_of(PQparamtype(r, i));
		if (p->member == NULL || param_fits(p, fit))
			continue;
		name_type(db, PQparamtype(r, i), -1, type, sizeof(type));
		return (query_problem(q, "the parameter :%s is of type %s, "
		    "which is %s, and %s has %s there", p->name, type,
		    types[fit].name, whose(q->from, owner, sizeof(owner)),
		    p->is_set ? "T_BOOL" : types[p->member->type].name));
	}
	return (NULL);
}
