/* SPDX-License-Identifier: ISC */
/*
 * Which mode a pooler is in. Two connections, A and B, ask for the id of their
 * server process, in turns. In session mode A's and B's never change and are
 * never the same. In transaction mode a connection has a process only for the
 * length of a transaction: B gets the one that A has just returned; or, if the
 * pooler takes turns (server_round_robin), or other clients take it, A gets
 * another one than before.
 */

#include <stdlib.h>
#include <string.h>

#include "database/pooler.h"
#include "database/sync.h"

#define ROUNDS		4
#define OPTIONS_MAX	64	/* libpq 15 has 40 */
#define MODE		"a connection pooler in transaction or statement "   \
			"mode answers there: Keel needs session mode "	     \
			"(pool_mode = session)"
#define FEW		"a connection pooler answers there, but gives no "   \
			"second connection: are its pool_size and "	     \
			"max_client_conn large enough?"

/* A connection, and the process that it had first; 0: not asked yet. */
struct peer {
	PGconn	*db;
	int	 pid;
};

enum answer { SAME, CHANGED, NONE };

static PGconn *
connect_again(PGconn *db)
{
	PQconninfoOption	*options = PQconninfo(db), *o;
	const char		*names[OPTIONS_MAX], *values[OPTIONS_MAX];
	PGconn			*second;
	int			 n = 0;

	for (o = options; o != NULL && o->keyword != NULL; o++) {
		if (o->val == NULL || n == OPTIONS_MAX - 1)
			continue;
		names[n] = o->keyword;
		values[n++] = o->val;
	}
	names[n] = values[n] = NULL;
	second = PQconnectdbParams(names, values, 0);
	PQconninfoFree(options);
	return (second);
}

/* pgbouncer refuses BEGIN in statement mode: a violation of the protocol. */
static enum answer
run(PGconn *db, const char *sql)
{
	PGresult	*r = sync_run_within(db, sql, SYNC_ANSWER_MS);
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	enum answer	 answer = NONE;

	if (PQresultStatus(r) == PGRES_COMMAND_OK)
		answer = SAME;
	else if (state != NULL && strcmp(state, "08P01") == 0)
		answer = CHANGED;
	PQclear(r);
	return (answer);
}

static enum answer
ask(struct peer *p)
{
	PGresult	*r;
	int		 pid = 0;

	r = sync_run_within(p->db, "SELECT pg_catalog.pg_backend_pid()",
	    SYNC_ANSWER_MS);
	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		pid = atoi(PQgetvalue(r, 0, 0));
	PQclear(r);
	if (pid == 0)
		return (NONE);
	if (p->pid == 0)
		p->pid = pid;
	return (p->pid == pid ? SAME : CHANGED);
}

/* Twice, for a pooler that takes turns: two clients would have their own. */
static enum answer
ask_twice(struct peer *p)
{
	enum answer	 answer = ask(p);

	return (answer == SAME ? ask(p) : answer);
}

/* While B is in a transaction, it keeps a process in both modes. */
static enum answer
one_round(struct peer *a, struct peer *b)
{
	enum answer	 answer;

	if ((answer = ask_twice(a)) != SAME || (answer = ask(b)) != SAME)
		return (answer);
	if (a->pid == b->pid)
		return (CHANGED);
	if ((answer = run(b->db, "BEGIN")) != SAME ||
	    (answer = ask(b)) != SAME || (answer = ask_twice(a)) != SAME)
		return (answer);
	return (run(b->db, "COMMIT"));
}

/* Of a session that another client has left: it must be a new one. */
static const char *
check_is_new(PGconn *db)
{
	PGresult	*r;
	bool		 is_new;

	r = sync_run_within(db, "SELECT count(*) FROM "
	    "pg_catalog.pg_prepared_statements", SYNC_ANSWER_MS);
	is_new = PQresultStatus(r) != PGRES_TUPLES_OK ||
	    strcmp(PQgetvalue(r, 0, 0), "0") == 0;
	PQclear(r);
	return (is_new ? NULL : "a connection pooler answers there, and hands "
	    "on a session with another client's prepared statements: Keel "
	    "needs session mode (pool_mode = session, and its "
	    "server_reset_query = DISCARD ALL)");
}

const char *
pooler_check(PGconn *db, const char **warning)
{
	struct peer	 a = { .db = db }, b = { .db = connect_again(db) };
	enum answer	 answer = NONE;
	int		 i;

	*warning = NULL;
	if (PQstatus(b.db) == CONNECTION_OK) {
		answer = SAME;
		for (i = 0; i < ROUNDS && answer == SAME; i++)
			answer = one_round(&a, &b);
	}
	PQfinish(b.db);
	if (answer == CHANGED)
		return (MODE);
	if (answer == NONE)
		*warning = FEW;
	return (check_is_new(db));
}
