/* SPDX-License-Identifier: ISC */
/* The query functions for handlers: they return structs and raise errors. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/register.h"
#include "database/params.h"
#include "database/pool.h"
#include "database/row.h"
#include "request/depend.h"

#define RESPONSE_RESERVE 6144	/* bytes: enough for a response of 2000 */

static PGresult	*run_statement(struct ctx *, const struct query *,
		    const char *, const char *const *, size_t) AWAITS;
static PGresult	*run_query(struct ctx *, const struct query *,
		    const void *, const char *const *, size_t) AWAITS;

REGISTERED(const struct constraint, constraints);

/* Stands for the connection while repositories are overridden (tests). */
static char	replaced[1];
#define REPLACED	((struct db_conn *)(void *)replaced)

struct schema	none_schema = { .name = "none", .size = 1 };

static const struct member	total_members[] = {
	MEMBER(total, total, T_INT, 0),
};

SCHEMA(total);

static void
release_result(void *result)
{
	PQclear(result);
}

/* A migration has made a prepared statement invalid. */
static bool
is_stale(const char *state)
{
	return (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0);
}

/* The server is read-only: a standby, or a demoted primary. */
static bool
is_read_only(const char *state)
{
	return (strcmp(state, "25006") == 0);
}

/*
 * The statement is correct, but the server cannot run it now. An error that
 * ends the session (25P03, 28000) is not listed: the connection is lost.
 */
static bool
is_unavailable(const char *state)
{
	static const char *const states[] = {
		"08",		/* connection exception */
		"25006",	/* read-only transaction */
		"53",		/* no more memory, disk or connections */
		"55P03",	/* lock not available */
		"57",		/* operator intervention */
		"58",		/* system error, for example of a disk */
	};
	size_t		 i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strncmp(state, states[i], strlen(states[i])) == 0)
			return (true);
	}
	return (false);
}

/* Too long, out of range, or invalid in the database's encoding. */
static bool
does_not_fit(const char *state)
{
	return (strcmp(state, "22001") == 0 || strcmp(state, "22003") == 0 ||
	    strcmp(state, "22021") == 0);
}

static bool
body_has(const struct ctx *c, const char *member)
{
	return (c->endpoint != NULL && c->endpoint->in != NULL &&
	    schema_own_member(c->endpoint->in, member) != NULL);
}

/*
 * Raises the constraint's own error if it has one: CONSTRAINT. To delete a row
 * that others refer to violates a foreign key, too, but without such a body.
 */
static void
raise_constraint(struct ctx *c, const PGresult *r)
{
	const char	*name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
	const struct constraint	*const *k;

	for (k = __start_registered_constraints; name != NULL &&
	    k < __stop_registered_constraints; k++) {
		if (strcmp((*k)->name, name) != 0)
			continue;
		if ((*k)->member == NULL)
			raise_error(c, &ERR_CONFLICT, "%s", (*k)->message);
		if (body_has(c, (*k)->member))
			raise_invalid(c, ctx_printf(c, "body.%s",
			    (*k)->member), "not_found", "%s", (*k)->message);
	}
}

/*
 * Raises the error for an SQLSTATE (PostgreSQL, appendix A). The database's
 * message goes to the log, never to the client.
 */
static void
raise_sqlstate(struct ctx *c, const struct query *q, const PGresult *r)
{
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char	*text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char	*name = q != NULL ? q->name : "transaction";

	if (state == NULL)
		state = "08000";
	if (text == NULL)
		text = "no message";
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) {
		c->error.retry = true;
		raise_error(c, &ERR_UNAVAILABLE,
		    "The request collided with another");
	}
	if (is_stale(state)) {
		c->error.retry = true;
		raise_error(c, &ERR_UNAVAILABLE, "The schema has changed");
	}
	if (does_not_fit(state)) {
		log_event(LEVEL_WARNING, c->request_id, "database",
		    "%s: %s: %s", name, state, text);
		raise_invalid(c, "body", "out_of_range",
		    "A value does not fit the database");
	}
	if (strncmp(state, "23", 2) == 0) {
		raise_constraint(c, r);
		log_event(LEVEL_ERROR, c->request_id, "integrity",
		    "%s: %s: %s", name, state, text);
		raise_error(c, &ERR_CONFLICT, "Resource already exists or "
		    "constraint violation");
	}
	if (is_unavailable(state)) {
		if (!c->quiet)
			log_event(LEVEL_WARNING, c->request_id, "database",
			    "%s: %s: %s", name, state, text);
		raise_error(c, &ERR_UNAVAILABLE, is_read_only(state) ?
		    "The database is read-only" :
		    "The database is unavailable");
	}
	raise_error(c, &ERR_INTERNAL, "%s: %s: %s", name, state, text);
}

/*
 * If the server is read-only, another connection may reach one that accepts
 * writes. The request can be retried: a read-only transaction wrote nothing.
 */
static void
renew_if_needed(struct ctx *c, const struct db_conn *conn, const PGresult *r)
{
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (state != NULL && is_stale(state))
		pool_renew(conn);
	if (state != NULL && is_read_only(state) && !c->quiet)
		c->error.retry = pool_renew_read_only(conn);
}

/*
 * Runs a statement on the transaction's connection, or takes one for it. The
 * request owns the result: defer() clears it.
 */
static PGresult *
run_statement(struct ctx *c, const struct query *q, const char *sql,
    const char *const *params, size_t nparams)
{
	struct db_conn	*conn = c->transaction;
	PGresult	*r;
	ExecStatusType	 status;

	if (conn == REPLACED)
		raise_error(c, &ERR_INTERNAL, "%s is not replaced", q != NULL ?
		    q->name : sql);
	if (conn == NULL)
		conn = pool_take(c);
	r = pool_run(c, conn, q, sql, params, nparams);
	if (r != NULL)
		renew_if_needed(c, conn, r);
	if (c->transaction == NULL)
		pool_give(conn);
	if (r == NULL)
		raise_error(c, &ERR_UNAVAILABLE,
		    "The database is unavailable");
	defer(c, release_result, r);

	status = PQresultStatus(r);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		raise_sqlstate(c, q, r);
	return (r);
}

/* Deferred: if the transaction is still open, pool_give() rolls it back. */
static void
session_end(void *arg)
{
	struct ctx	*c = arg;

	c->begun = c->enclosed = false;
	if (c->transaction == NULL)
		return;
	if (c->transaction != REPLACED)
		pool_give(c->transaction);
	c->transaction = NULL;
}

static AWAITS void
begin(struct ctx *c)
{
	defer(c, session_end, c);
	if (overrides_database(c)) {
		c->transaction = REPLACED;
		return;
	}
	c->transaction = pool_take(c);
	run_statement(c, NULL, "BEGIN", NULL, 0);
}

/*
 * Reserves the memory for what follows the commit, such as the response: an
 * error after it would make the client believe that nothing was written.
 */
static AWAITS void
commit(struct ctx *c)
{
	PGresult	*r;

	if (!arena_reserve(&c->arena, RESPONSE_RESERVE))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	if (c->transaction == REPLACED) {
		session_end(c);
		return;
	}
	r = run_statement(c, NULL, "COMMIT", NULL, 0);
	session_end(c);

	/* COMMIT of a failed transaction succeeds, but rolls it back. */
	if (strcmp(PQcmdStatus(r), "COMMIT") != 0)
		raise_error(c, &ERR_INTERNAL, "The transaction had failed");
}

/* The first statement or db_begin() after db_enclose(). */
static AWAITS void
open_enclosing(struct ctx *c)
{
	void	(*first)(struct ctx *) = c->on_first;

	if (first == NULL)
		return;
	c->on_first = NULL;
	begin(c);
	c->enclosed = true;
	first(c);
}

static void
read_column(struct ctx *c, const struct query *q, const PGresult *r, int row,
    size_t i, char *out)
{
	const struct member	*m = &q->row->members[i];
	char			*place = out + m->offset;
	const char		**text, *problem;

	problem = row_read_column(r, row, (int)i, m, place);
	if (problem != NULL)
		raise_error(c, &ERR_INTERNAL, "%s: %s %s", q->name, m->name,
		    problem);
	if (!member_is_text(m))
		return;
	text = (const char **)(void *)place;
	if (*text != NULL)
		*text = ctx_strndup(c, *text,
		    (size_t)PQgetlength(r, row, (int)i));
}

static void *
read_rows(struct ctx *c, const struct query *q, const PGresult *r)
{
	int	 rows = PQntuples(r), row;
	char	*out;
	size_t	 i;

	if ((size_t)PQnfields(r) != schema_columns(q->row))
		raise_error(c, &ERR_INTERNAL, "%s: the columns have changed",
		    q->name);
	out = ctx_alloc(c, (size_t)rows * q->row->size + 1);
	for (row = 0; row < rows; row++) {
		for (i = 0; i < schema_columns(q->row); i++)
			read_column(c, q, r, row, i,
			    out + (size_t)row * q->row->size);
	}
	return (out);
}

/* Runs a query with its parameters: the struct's, and those that are given. */
static PGresult *
run_query(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	if (q->params == NULL)		/* it has none, or was not loaded */
		return (run_statement(c, q, NULL, given, ngiven));
	return (run_statement(c, q, NULL, params_bind(c, q, from, given),
	    q->nparams));
}

void *
db_query_many(struct ctx *c, const struct query *q, size_t *n,
    const void *from, const char *const *given, size_t ngiven)
{
	repository_fn	*stand_in = override_of_query(c, q->name);
	PGresult	*r;

	open_enclosing(c);
	if (stand_in != NULL)
		return (stand_in(c, strchr(q->name, '.') + 1, from, given, n));
	r = run_query(c, q, from, given, ngiven);
	*n = (size_t)PQntuples(r);
	return (read_rows(c, q, r));
}

void *
db_query_maybe_one(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	size_t	 n;
	void	*rows = db_query_many(c, q, &n, from, given, ngiven);

	if (n > 1)
		raise_error(c, &ERR_INTERNAL, "%s: %zu rows", q->name, n);
	return (n == 1 ? rows : NULL);
}

void *
db_query_one(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	void	*row = db_query_maybe_one(c, q, from, given, ngiven);

	if (row == NULL)
		raise_error(c, &ERR_INTERNAL, "%s: no row", q->name);
	return (row);
}

int64_t
db_query_exec(struct ctx *c, const struct query *q, const void *from,
    const char *const *given, size_t ngiven)
{
	repository_fn	*stand_in = override_of_query(c, q->name);
	int64_t		 touched = 0;
	PGresult	*r;
	size_t		 n = 0;

	open_enclosing(c);
	if (stand_in != NULL) {
		stand_in(c, strchr(q->name, '.') + 1, from, given, &n);
		return ((int64_t)n);
	}
	r = run_query(c, q, from, given, ngiven);
	if (sscanf(PQcmdTuples(r), "%" SCNd64, &touched) != 1)
		touched = 0;
	return (touched);
}

bool
db_is_begun(const struct ctx *c)
{
	return (c->begun);
}

void
db_begin(struct ctx *c)
{
	if (db_is_begun(c))
		raise_error(c, &ERR_INTERNAL, "A transaction in a transaction");
	open_enclosing(c);
	if (!c->enclosed)
		begin(c);
	c->begun = true;
}

void
db_commit(struct ctx *c)
{
	if (!db_is_begun(c))
		raise_error(c, &ERR_INTERNAL, "A commit of no transaction");
	c->begun = false;
	if (!c->enclosed)
		commit(c);
}

void
db_enclose(struct ctx *c, void (*first)(struct ctx *))
{
	c->on_first = first;
}

bool
db_has_enclosed(const struct ctx *c)
{
	return (c->enclosed);
}

void
db_commit_enclosing(struct ctx *c)
{
	c->on_first = NULL;
	if (c->enclosed)
		commit(c);
}

void
database_reconnect(void)
{
	pool_renew_read_only(NULL);
}
