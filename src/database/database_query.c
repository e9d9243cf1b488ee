/* SPDX-License-Identifier: ISC */
/* The query functions for handlers: they return structs and raise errors. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "database/may_write.h"
#include "database/params.h"
#include "database/pool.h"
#include "database/row.h"
#include "database/sqlstate.h"
#include "database/unreplicated.h"
#include "product.h"
#include "request/depend.h"

#define RESPONSE_RESERVE 6144	/* bytes: enough for a response of 2000 */

/*
 * Writes a record of 60 bytes, if there is a synchronous standby: PostgreSQL
 * waits for it only at the end of a transaction that has written something.
 */
#define WRITE_RECORD							\
	"SELECT pg_logical_emit_message(true, '" PRODUCT_STORED "', '') " \
	"WHERE current_setting('synchronous_standby_names') <> '' "	\
	"AND current_setting('synchronous_commit') NOT IN ('off', 'local') " \
	"AND NOT pg_is_in_recovery()"

static PGresult	*run_statement(struct ctx *, const struct query *,
		    const char *, const char *const *, size_t) AWAITS;
static PGresult	*run_query(struct ctx *, const struct query *,
		    const void *, const char *const *, size_t) AWAITS;

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

/*
 * If the server is read-only, another connection may reach one that accepts
 * writes. The request can be retried: a read-only transaction wrote nothing.
 */
static void
renew_if_needed(struct ctx *c, const struct db_conn *conn, const PGresult *r)
{
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (state != NULL && sqlstate_is_stale(state))
		pool_renew(conn);
	if (state != NULL && sqlstate_is_read_only(state) && !c->quiet)
		c->error.retry = pool_renew_read_only(conn);
}

/* For certain: a WITH that ends in a SELECT may have, too. */
static bool
has_written(PGresult *r)
{
	static const char *const tags[] = { "INSERT ", "UPDATE ", "DELETE " };
	const char	*tag = PQcmdStatus(r);
	size_t		 i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strncmp(tag, tags[i], strlen(tags[i])) == 0)
			return (strcmp(PQcmdTuples(r), "0") != 0);
	}
	return (false);
}

static AWAITS struct db_conn *
take_connection(struct ctx *c, const struct query *q, const char *sql)
{
	struct db_conn	*conn = c->transaction;

	if (conn == REPLACED)
		raise_error(c, &ERR_INTERNAL, "%s is not replaced", q != NULL ?
		    q->name : sql);
	/* Early, or it may wait for locks of commits that do not end. */
	if (!pool_takes_writes() && may_write(q, sql))
		raise_error(c, &ERR_UNAVAILABLE,
		    "The database is unavailable");
	if (conn == NULL)
		conn = pool_take(c);
	return (conn);
}

/*
 * Runs a statement on the transaction's connection, or takes one for it. The
 * request owns the result: defer() clears it.
 */
static PGresult *
run_statement(struct ctx *c, const struct query *q, const char *sql,
    const char *const *params, size_t nparams)
{
	struct db_conn	*conn = take_connection(c, q, sql);
	PGresult	*r;
	ExecStatusType	 status;
	bool		 unreplicated;

	r = pool_run(c, conn, q, sql, params, nparams);
	if (r != NULL)
		renew_if_needed(c, conn, r);
	unreplicated = pool_is_unreplicated(conn);
	if (c->transaction == NULL)
		pool_give(conn);
	if (r != NULL)
		defer(c, release_result, r);
	if (unreplicated)
		log_event(LEVEL_WARNING, *c->request_id != '\0' ?
		    c->request_id : NULL, "database", "%s: " UNREPLICATED,
		    q != NULL ? q->name : "transaction");
	if (r == NULL || unreplicated)
		raise_error(c, &ERR_UNAVAILABLE,
		    "The database is unavailable");

	status = PQresultStatus(r);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		raise_sqlstate(c, q, r);
	c->queried = true;
	c->wrote |= has_written(r);
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
	c->wrote = false;
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
	r = run_statement(c, NULL, c->wrote ? "COMMIT" : WRITE_RECORD
	    "; COMMIT", NULL, 0);
	c->wrote = true;
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
db_confirm(struct ctx *c)
{
	if (!c->queried || c->wrote)
		return;
	run_statement(c, NULL, WRITE_RECORD, NULL, 0);
	c->wrote = true;
}

void
database_reconnect(void)
{
	pool_renew_read_only(NULL);
}
