/* SPDX-License-Identifier: ISC */
/*
 * Statements of ./keel migrate. They are sent without waiting, so that a signal
 * ends them, and so that somebody looks around meanwhile.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "database/migrate.h"
#include "database/migrate_signals.h"
#include "database/session.h"
#include "database/sync.h"
#include "utils/start_error.h"

#define FIRST_LOOK_MS	250
#define LOOK_MS		500
#define QUICK_MS	10000	/* also for the end of what is cancelled */
#define COMMIT_MS	2000	/* for a COMMIT, after a signal */
#define SILENT_MS	60000	/* then a connection is dead */

/* A statement on its way. */
struct running {
	struct migrate_conn		*c;
	const struct migrate_look	*look;	/* or NULL */
	int64_t				 next;	/* look; or 0 */
	int64_t				 end;	/* of patience; or 0 */
	unsigned			 signals;	/* that are known */
	bool				 commits;
	bool				 ending;	/* it is cancelled */
};

int64_t
migrate_now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* One line of it. */
static void
note_said(struct migrate_conn *c, const char *state, const char *said)
{
	snprintf(c->state, sizeof(c->state), "%s", state != NULL ? state : "");
	snprintf(c->said, sizeof(c->said), "%s", start_error("%s", said));
}

static PGresult	*run_statement(struct running *, const char *,
		    const char *const *, int);

/*
 * On the other connection, which is as far as this one and may have TLS, unlike
 * PQcancel(). Not a commit that waits for the synchronous standby: it would be
 * committed without it. What cannot be cancelled ends when the connection is
 * closed: see client_connection_check_interval.
 */
static bool
cancel(struct migrate_conn *c)
{
	char		 sql[160];
	struct running	 asked = { .c = c->other,
			    .end = migrate_now() + QUICK_MS };
	PGresult	*r;

	if (c->other == NULL || PQstatus(c->other->db) != CONNECTION_OK)
		return (false);
	asked.signals = migrate_signals_count();
	snprintf(sql, sizeof(sql), "SELECT pg_cancel_backend(pid) FROM "
	    "pg_stat_activity WHERE pid = %d AND wait_event IS DISTINCT FROM "
	    "'SyncRep'", c->pid);
	r = run_statement(&asked, sql, NULL, 0);
	PQclear(r);
	return (r != NULL);
}

/* A COMMIT is never cancelled. */
static void
begin_to_end(struct running *r)
{
	r->ending = true;
	r->next = 0;
	r->end = migrate_now() + (r->commits ? COMMIT_MS :
	    cancel(r->c) ? QUICK_MS : 0);
	r->signals = migrate_signals_count();
}

/* A signal ends the statement; another one ends the wait for that, too. */
static bool
obey_signals(struct running *r)
{
	unsigned	 count = migrate_signals_count();

	if (count == r->signals)
		return (true);
	r->signals = count;
	if (r->ending)
		return (false);
	if (r->look != NULL)
		begin_to_end(r);
	return (true);
}

static bool
look_around(struct running *r)
{
	int64_t	 now = migrate_now();

	if (r->end != 0 && now >= r->end)
		return (false);
	if (r->next != 0 && now >= r->next) {
		if (r->look->look(r->look->arg))
			r->next = migrate_now() + LOOK_MS;
		else if (r->commits)
			r->next = 0;
		else
			begin_to_end(r);
	}
	return (true);
}

static int64_t
time_left(const struct running *r)
{
	int64_t	 at = r->next != 0 ? r->next : r->end, now = migrate_now();

	return (at == 0 ? -1 : at > now ? at - now : 0);
}

/* Until there is a result. False: there will be none. */
static bool
await_result(struct running *r)
{
	PGconn	*db = r->c->db;
	short	 events;

	while (PQisBusy(db)) {
		events = PQflush(db) == 1 ? POLLIN | POLLOUT : POLLIN;
		if (migrate_signals_wait(PQsocket(db), events, time_left(r),
		    r->signals) && !PQconsumeInput(db))
			break;
		if (!PQisBusy(db))
			break;
		if (!obey_signals(r) || !look_around(r))
			return (false);
	}
	return (true);
}

static bool
is_copy(const PGresult *r)
{
	ExecStatusType	 status = PQresultStatus(r);

	return (status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
	    status == PGRES_COPY_BOTH);
}

static bool
is_good(const PGresult *r)
{
	ExecStatusType	 status = PQresultStatus(r);

	return (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
	    status == PGRES_EMPTY_QUERY);
}

/* The last of several, or the one that failed. */
static PGresult *
collect(struct running *r)
{
	PGresult	*result, *last = NULL;

	for (;;) {
		if (!await_result(r)) {
			note_said(r->c, NULL, "it does not answer");
			break;
		}
		if ((result = PQgetResult(r->c->db)) == NULL)
			return (last);
		if (last != NULL && !is_good(last)) {
			PQclear(result);
			continue;
		}
		PQclear(last);
		last = result;
		if (is_copy(result)) {
			note_said(r->c, "0A000", "COPY from or to the client "
			    "is not possible in a migration");
			break;
		}
	}
	PQclear(last);
	return (NULL);
}

static PGresult *
run_statement(struct running *r, const char *sql, const char *const *params,
    int n)
{
	PGresult	*result;
	PGconn		*db = r->c->db;
	int		 sent;

	r->c->state[0] = r->c->said[0] = '\0';
	sent = n == 0 ? PQsendQuery(db, sql) :
	    PQsendQueryParams(db, sql, n, NULL, params, NULL, NULL, 0);
	if (!sent) {
		note_said(r->c, NULL, PQerrorMessage(db));
		return (NULL);
	}
	if ((result = collect(r)) == NULL || is_good(result))
		return (result);
	note_said(r->c, PQresultErrorField(result, PG_DIAG_SQLSTATE),
	    PQresultErrorMessage(result));
	PQclear(result);
	return (NULL);
}

PGresult *
migrate_exec(struct migrate_conn *c, const char *sql,
    const char *const *params, int n, const struct migrate_look *look)
{
	struct running	 r = { .c = c, .look = look };

	r.commits = strcmp(sql, "COMMIT") == 0;
	r.signals = migrate_signals_count();
	if (look == NULL) {
		r.end = migrate_now() + QUICK_MS;
	} else if (migrate_signals_noted() != 0) {
		note_said(c, "57014", "a signal has ended it");
		return (NULL);
	} else {
		r.next = migrate_now() + FIRST_LOOK_MS;
	}
	return (run_statement(&r, sql, params, n));
}

/* A firewall forgets a silent connection; a dead network never answers. */
static void
watch_network(PGconn *db)
{
	static const struct {
		int	 option, value;
	} options[] = {
		{ TCP_KEEPIDLE, 20 }, { TCP_KEEPINTVL, 10 },
		{ TCP_KEEPCNT, 4 }, { TCP_USER_TIMEOUT, SILENT_MS },
	};
	int	 fd = PQsocket(db), on = 1;
	size_t	 i;

	/* Both fail on a Unix socket, which needs neither. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, IPPROTO_TCP, options[i].option,
		    &options[i].value, sizeof(options[i].value));
}

/* It ends a statement whose client was killed; PostgreSQL 13 lacks it. */
static void
watch_client(struct migrate_conn *c)
{
	PQclear(migrate_exec(c, "SET client_connection_check_interval = '2s'",
	    NULL, 0, NULL));
}

const char *
migrate_renew(struct migrate_conn *c)
{
	PGresult	*discarded, *set = NULL;

	discarded = migrate_exec(c, "DISCARD ALL", NULL, 0, NULL);
	if (discarded != NULL)
		set = migrate_exec(c, session_sql(), NULL, 0, NULL);
	PQclear(discarded);
	PQclear(set);
	if (set == NULL)
		return (start_error("database: %s", c->said));
	watch_client(c);
	return (NULL);
}

/* PQbackendPID() would be that of a pooler. */
const char *
migrate_open(struct migrate_conn *c)
{
	const char	*problem;
	PGresult	*r;

	if ((c->db = sync_connect(&problem)) == NULL)
		return (problem);
	watch_network(c->db);
	if ((r = sync_run(c->db, "SELECT pg_backend_pid()", NULL, 0)) == NULL)
		return (sync_error(c->db));
	c->pid = atoi(PQgetvalue(r, 0, 0));
	PQclear(r);
	PQsetnonblocking(c->db, 1);
	watch_client(c);
	return (NULL);
}
