/* SPDX-License-Identifier: ISC */
/*
 * A page that runs a given statement, like Kore's examples, on connections of
 * Kore 4.1's pgsql module. With it run.py shows what happens when a connection
 * dies, a client disconnects or PostgreSQL hangs. In Keel the module only opens
 * the connections, database_worker_init(); then Keel runs them: conn_event(),
 * conn_lost(), pool_give(), database_tick().
 */

#include <kore/kore.h>
#include <kore/http.h>
#include <kore/pgsql.h>

#include <stdlib.h>
#include <string.h>

#include "allow.h"

void	kore_worker_configure(void);
int	page(struct http_request *);
int	query(struct http_request *);

void
kore_worker_configure(void)
{
	kore_pgsql_register("db", getenv("DATABASE"));
}

int
page(struct http_request *req)
{
	http_response(req, 200, "here", 4);
	return (KORE_RESULT_OK);
}

static int
failed(struct http_request *req, const struct kore_pgsql *sql)
{
	http_response(req, 500, sql->error, strlen(sql->error));
	return (KORE_RESULT_OK);
}

static int
begin(struct http_request *req, struct kore_pgsql *sql)
{
	char	*p;

	if (!kore_pgsql_setup(sql, "db", KORE_PGSQL_ASYNC)) {
		if (sql->state == KORE_PGSQL_STATE_INIT)
			return (KORE_RESULT_RETRY);	/* in Kore's queue */
		return (failed(req, sql));
	}
	for (p = req->query_string; (p = strchr(p, '+')) != NULL; p++)
		*p = ' ';
	if (!kore_pgsql_query(sql, req->query_string))
		return (failed(req, sql));
	return (KORE_RESULT_RETRY);
}

int
query(struct http_request *req)
{
	struct kore_pgsql	*sql;

	if (!http_state_exists(req)) {
		sql = http_state_create(req, sizeof(*sql), NULL);
		kore_pgsql_init(sql);
		kore_pgsql_bind_request(sql, req);
	}
	sql = http_state_get(req);
	switch (sql->state) {
	case KORE_PGSQL_STATE_INIT:
		return (begin(req, sql));
	case KORE_PGSQL_STATE_ERROR:
		return (failed(req, sql));
	case KORE_PGSQL_STATE_COMPLETE:
		http_response(req, 200, "done", 4);
		return (KORE_RESULT_OK);
	case KORE_PGSQL_STATE_WAIT:
		return (KORE_RESULT_RETRY);
	default:
		kore_pgsql_continue(sql);
		return (KORE_RESULT_RETRY);
	}
}
