/* SPDX-License-Identifier: ISC */
/* Replaces libpq, and Kore's events for its sockets. */

#include <sys/epoll.h>

#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/session.h"
#include "libpq_fake.h"

#define FIRST_FD	100

/* A result is allocated, so that AddressSanitizer reports one not cleared. */
struct pg_result {
	ExecStatusType	 status;
	char		 message[80];
	const char	*function;	/* of a notice */
};

struct fake_libpq	fake_libpq;

static char	said[16384];

void
fake_say(const char *fmt, ...)
{
	size_t	 n = strlen(said);
	va_list	 ap;

	if (n > 0)
		said[n++] = ' ';
	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
}

const char *
fake_heard(void)
{
	static char	 last[sizeof(said)];

	strcpy(last, said);
	said[0] = '\0';
	return (last);
}

static void
forget_results(PGconn *db)
{
	while (db->nresults > 0)
		free(db->results[--db->nresults]);
}

void
fake_libpq_clear(void)
{
	unsigned	 i;

	for (i = 0; i < fake_libpq.ndbs; i++)
		forget_results(&fake_libpq.dbs[i]);
	memset(&fake_libpq, 0, sizeof(fake_libpq));
	said[0] = '\0';
}

/* A new socket: nothing is watched, and nothing is left of the old one. */
static void
start(PGconn *db)
{
	forget_results(db);
	db->status = fake_libpq.no_start ? CONNECTION_BAD : CONNECTION_STARTED;
	db->transaction = PQTRANS_IDLE;
	db->poll = PGRES_POLLING_WRITING;
	db->unsent = 0;
	db->refuses = db->closed = db->tls = db->stays = false;
	db->pipeline = false;
	db->sends = 0;
	db->notes = db->records = 0;
	db->error = "no error";
	db->reported = NULL;
	db->fd = fake_libpq.no_start ? -1 :
	    FIRST_FD + (int)(db - fake_libpq.dbs);
	db->events = 0;
	db->starts++;
}

static PGconn *
next(void)
{
	if (fake_libpq.ndbs == FAKE_DBS)
		abort();
	return (&fake_libpq.dbs[fake_libpq.ndbs++]);
}

PGconn *
fake_open(void)
{
	PGconn	*db = next();

	start(db);
	db->status = CONNECTION_OK;
	return (db);
}

static void
arrived(PGconn *db, PGresult *r)
{
	if (db->nresults == FAKE_RESULTS)
		abort();
	db->results[db->nresults++] = r;
}

void
fake_result(PGconn *db, ExecStatusType status, const char *message)
{
	PGresult	*r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->status = status;
	snprintf(r->message, sizeof(r->message), "%s", message);
	arrived(db, r);
}

void
fake_notice(PGconn *db, const char *function, const char *message)
{
	PGresult	 r = { .status = PGRES_NONFATAL_ERROR };

	snprintf(r.message, sizeof(r.message), "%s", message);
	r.function = function;
	db->told(db->told_arg, &r);
}

void
fake_end(PGconn *db)
{
	arrived(db, NULL);
}

void
fake_prepared(PGconn *db, unsigned statements)
{
	fake_result(db, PGRES_TUPLES_OK, "");
	fake_end(db);
	for (; statements > 0; statements--) {
		fake_result(db, PGRES_COMMAND_OK, "");
		fake_end(db);
	}
	fake_result(db, PGRES_PIPELINE_SYNC, "");
}

bool
fake_watches(const PGconn *db, int events)
{
	return ((db->events & events) == events);
}

void
fake_event(PGconn *db, int kore_flags, int error)
{
	struct kore_event	*evt = db->watcher;

	evt->flags |= kore_flags;
	evt->handle(evt, error);
}

/* Kore. */

void
kore_platform_event_schedule(int fd, int events, int flags, void *udata)
{
	PGconn	*db = &fake_libpq.dbs[fd - FIRST_FD];

	if (db->fd != fd || flags != 0)
		abort();
	db->events = events;
	db->watcher = udata;
	fake_say("watch(%s%s%s)", events & EPOLLIN ? "in" : "",
	    events & EPOLLOUT ? "out" : "",
	    (events & EPOLLET) != 0 ? "edge" : "");
}

/* libpq, while it connects. */

PGconn *
PQconnectStart(const char *conninfo)
{
	PGconn	*db;

	fake_say("connect(%s)", conninfo);
	if (fake_libpq.no_memory)
		return (NULL);
	db = next();
	start(db);
	return (db);
}

int
PQresetStart(PGconn *db)
{
	fake_say("reset");
	start(db);
	return (!fake_libpq.no_start);
}

PostgresPollingStatusType
PQconnectPoll(PGconn *db)
{
	if (db->poll == PGRES_POLLING_OK)
		db->status = CONNECTION_OK;
	if (db->poll == PGRES_POLLING_FAILED)
		db->status = CONNECTION_BAD;
	fake_say("poll");
	return (db->poll);
}

/* libpq keeps it when a connection is reset. */
PQnoticeReceiver
PQsetNoticeReceiver(PGconn *db, PQnoticeReceiver fn, void *arg)
{
	db->told = fn;
	db->told_arg = arg;
	return (NULL);
}

/* The test may still look at it. */
void
PQfinish(PGconn *db)
{
	if (db == NULL)
		return;
	fake_say("finish");
	forget_results(db);
	db->status = CONNECTION_BAD;
	db->fd = -1;
}

ConnStatusType
PQstatus(const PGconn *db)
{
	return (db->status);
}

int
PQsocket(const PGconn *db)
{
	return (db->fd);
}

char *
PQerrorMessage(const PGconn *db)
{
	return ((char *)(uintptr_t)db->error);
}

int
PQsetnonblocking(PGconn *db, int on)
{
	(void)db;
	fake_say(on ? "nonblocking" : "blocking");
	return (0);
}

PGTransactionStatusType
PQtransactionStatus(const PGconn *db)
{
	return (db->transaction);
}

/* libpq, for statements. */

/*
 * Only PQsendQueryParams() and PQsendPrepare() are for a pipeline, and only a
 * pipeline is for them.
 */
static int
sent(PGconn *db, bool in_pipeline)
{
	if (db->pipeline != in_pipeline)
		abort();
	return (!db->refuses || db->sends++ < db->accepts);
}

int
PQsendQuery(PGconn *db, const char *sql)
{
	fake_say("query(%s)", sql);
	return (sent(db, false));
}

int
PQenterPipelineMode(PGconn *db)
{
	fake_say("pipeline");
	if (db->pipeline)
		abort();
	db->pipeline = true;
	return (sent(db, true));
}

int
PQpipelineSync(PGconn *db)
{
	fake_say("sync");
	return (sent(db, true));
}

/* libpq refuses as long as results are left. */
int
PQexitPipelineMode(PGconn *db)
{
	fake_say("exit");
	if (!db->pipeline || db->nresults > 0)
		abort();
	if (db->stays)
		return (0);
	db->pipeline = false;
	return (1);
}

int
PQsendPrepare(PGconn *db, const char *name, const char *sql, int n,
    const Oid *types)
{
	fake_say("prepare(%s: %s)", name, sql);
	if (n != 0 || types != NULL)
		abort();
	return (sent(db, true));
}

int
PQsendQueryParams(PGconn *db, const char *sql, int n, const Oid *types,
    const char *const *values, const int *lengths, const int *formats,
    int binary)
{
	fake_say("%s", sql);
	if (n != 0 || types != NULL || values != NULL || lengths != NULL ||
	    formats != NULL || binary)
		abort();
	return (sent(db, true));
}

int
PQsendQueryPrepared(PGconn *db, const char *name, int n,
    const char *const *values, const int *lengths, const int *formats,
    int binary)
{
	int	 i;

	fake_say("execute(%s)", name);
	for (i = 0; i < n; i++)
		fake_say("$%d=%s", i + 1, values[i]);
	if (lengths != NULL || formats != NULL || binary)
		abort();
	return (sent(db, false));
}

int
PQflush(PGconn *db)
{
	return (db->unsent);
}

/* Reads one TLS record. */
int
PQconsumeInput(PGconn *db)
{
	fake_say("read");
	if (db->records > 0)
		db->records--;
	return (!db->closed);
}

int
PQisBusy(PGconn *db)
{
	return (db->nresults == 0 && db->status != CONNECTION_BAD);
}

PGresult *
PQgetResult(PGconn *db)
{
	PGresult	*r;

	if (PQisBusy(db))
		abort();	/* libpq would block */
	if (db->nresults == 0)
		return (NULL);
	r = db->results[0];
	db->nresults--;
	memmove(db->results, db->results + 1,
	    db->nresults * sizeof(db->results[0]));
	return (r);
}

ExecStatusType
PQresultStatus(const PGresult *r)
{
	return (r != NULL ? r->status : PGRES_FATAL_ERROR);
}

char *
PQresultErrorMessage(const PGresult *r)
{
	return ((char *)(uintptr_t)(r != NULL ? r->message : ""));
}

char *
PQresultErrorField(const PGresult *r, int field)
{
	if (field == PG_DIAG_SOURCE_FUNCTION)
		return ((char *)(uintptr_t)r->function);
	if (field != PG_DIAG_MESSAGE_PRIMARY)
		abort();
	return (*r->message != '\0' ? (char *)(uintptr_t)r->message : NULL);
}

void
PQclear(PGresult *r)
{
	free(r);
}

PGnotify *
PQnotifies(PGconn *db)
{
	if (db->notes == 0)
		return (NULL);
	db->notes--;
	return (calloc(1, sizeof(PGnotify)));
}

void
PQfreemem(void *p)
{
	free(p);
}

/* session.h: a result's message, or what the test says, is what is wrong. */

const char *
session_sql(void)
{
	return ("session");
}

const char *
session_check_set(const PGresult *r)
{
	return (*r->message != '\0' ? r->message : NULL);
}

const char *
session_check_reported(const PGconn *db)
{
	return (db->reported);
}

const char *
session_failed(const PGresult *r)
{
	return (r->message);
}

void *
PQsslStruct(PGconn *db, const char *library)
{
	return (strcmp(library, "OpenSSL") == 0 && db->tls ? db : NULL);
}

int
SSL_pending(const SSL *tls)
{
	const PGconn	*db = (const void *)tls;

	return ((int)db->records);
}
