/* SPDX-License-Identifier: ISC */
/*
 * The waits of ./keel migrate for locks: how long, and for whom. A statement
 * that waits for a table makes all requests that need the table wait behind it,
 * so it waits for about a second, gives way, and comes again.
 */

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "database/migrate.h"
#include "database/migrate_signals.h"
#include "database/migrations.h"
#include "product.h"
#include "utils/start_error.h"

#define SHOW_MS		10000	/* between two lines, at least */
#define SHOW_AGAIN_MS	30000	/* if they say the same */
#define LOCK_LOOK_MS	500
#define PAUSE_MS	1000	/* before the second attempt */
#define PAUSE_MAX_MS	5000

/*
 * The lock_timeout. After deadlock_timeout, which is 1 second if nobody has
 * changed it, PostgreSQL ends the autovacuum that blocks, and a deadlock: so it
 * is a little longer than that.
 */
#define LOCK_MS		1000
#define LOCK_MAX_MS	3000
#define BEYOND_MS	200

struct waiting {
	struct migrate	*run;
	bool		 patient;
};

/* A standard error that nobody reads must not stop it while it has locks. */
static void __attribute__((format(printf, 1, 2)))
say(const char *fmt, ...)
{
	char		 line[MIGRATE_WHO + 256];
	struct text	 t = text_in(line, sizeof(line));
	struct pollfd	 err = { .fd = STDERR_FILENO, .events = POLLOUT };
	va_list		 ap;

	va_start(ap, fmt);
	text_printf(&t, PRODUCT ": %s\n", start_error_va(fmt, ap));
	va_end(ap);
	if (poll(&err, 1, 0) == 1 && write(STDERR_FILENO, line, t.len) == -1)
		return;		/* there is nobody to tell */
}

/* A line if others block now, and again if they still do, but not too often. */
static void
show(struct migrate_waits *w, const char *what)
{
	int64_t	 pause, now = migrate_now();

	pause = strcmp(w->pids, w->shown) == 0 ? SHOW_AGAIN_MS : SHOW_MS;
	if (w->shown_at != 0 && now - w->shown_at < pause)
		return;
	say("%s%s", what, w->who);
	snprintf(w->shown, sizeof(w->shown), "%s", w->pids);
	w->shown_at = now;
}

/*
 * Keeps who blocks; `since` tells whether somebody does. False if the
 * connection is lost.
 */
static bool
take_look(struct migrate_waits *w, bool (*ask)(struct migrate_conn *, int,
    struct text *, struct text *), struct migrate_conn *c, int pid)
{
	char		 who[MIGRATE_WHO] = "", pids[sizeof(w->pids)] = "";
	struct text	 t = text_in(who, sizeof(who));
	struct text	 p = text_in(pids, sizeof(pids));

	if (!ask(c, pid, &t, &p))
		return (PQstatus(c->db) == CONNECTION_OK);
	if (p.len == 0) {
		w->since = 0;
		return (true);
	}
	if (w->since == 0)
		w->since = migrate_now();
	memcpy(w->who, who, sizeof(w->who));
	memcpy(w->pids, pids, sizeof(w->pids));
	return (true);
}

/* Nothing is sent to it, so that it has no snapshot. */
static bool
is_locked(const struct migrate *run)
{
	return (PQconsumeInput(run->locker.db) &&
	    PQstatus(run->locker.db) == CONNECTION_OK);
}

static bool
look(void *arg)
{
	struct waiting		*waiting = arg;
	struct migrate		*run = waiting->run;
	struct migrate_waits	*w = &run->waits;
	char			 what[128];

	if (!is_locked(run) || !take_look(w, migrate_blockers, &run->watcher,
	    run->worker.pid))
		return (false);
	if (w->since == 0)
		return (true);
	snprintf(what, sizeof(what), "%.100s waits for ", run->m->name);
	show(w, what);
	return (!waiting->patient ||
	    migrate_now() - w->since < run->limit_ms);
}

PGresult *
migrate_watched(struct migrate *run, const char *sql,
    const char *const *params, int n, bool patient)
{
	struct waiting		 waiting = { run, patient };
	struct migrate_look	 l = { look, &waiting };

	run->waits.since = 0;
	return (migrate_exec(&run->worker, sql, params, n, &l));
}

void
migrate_lock_timeout(struct migrate *run, struct text *t)
{
	int64_t	 most = LOCK_MAX_MS, left = run->until - migrate_now();

	if (run->until == 0)
		left = run->limit_ms;
	if (left < most)
		most = left < 1 ? 1 : left;
	text_printf(t, "least(%d, greatest(%d, %d + (SELECT setting::integer "
	    "FROM pg_settings WHERE name = 'deadlock_timeout')))::text",
	    (int)most, LOCK_MS, BEYOND_MS);
}

static bool
is_state(const struct migrate *run, const char *state)
{
	return (strcmp(run->worker.state, state) == 0);
}

/* The other states are of a deadlock, and of a serialization failure. */
bool
migrate_waited(const struct migrate *run)
{
	bool	 gave_up = is_state(run, "57014") && run->waits.since != 0 &&
		    migrate_now() - run->waits.since >= run->limit_ms;

	return (gave_up || is_state(run, "55P03") || is_state(run, "40P01") ||
	    is_state(run, "40001"));
}

/*
 * The time begins when it has not got a lock for the first time, so a migration
 * may work for as long as it needs. The last attempt is at the end of it.
 */
bool
migrate_again(struct migrate *run)
{
	int64_t	 now = migrate_now(), wake;

	if (!migrate_waited(run) || is_state(run, "57014"))
		return (false);
	if (run->until == 0) {
		run->pause_ms = PAUSE_MS;
		run->until = now + run->limit_ms - LOCK_MS;
	}
	if (now >= run->until)
		return (false);
	wake = now + run->pause_ms;
	if (wake > run->until)
		wake = run->until;
	run->pause_ms *= 2;
	if (run->pause_ms > PAUSE_MAX_MS)
		run->pause_ms = PAUSE_MAX_MS;
	while (migrate_signals_noted() == 0 && (now = migrate_now()) < wake)
		migrate_signals_wait(-1, 0, wake - now, 0);
	return (migrate_signals_noted() == 0);
}

static const char *
gave_up(const struct migrate *run)
{
	return (start_error("%s is not applied: it got no lock in %d s (" ENV(
	    "MIGRATE_LOCK_SECONDS") ")%s%s", run->m->name,
	    (int)(run->limit_ms / 1000), *run->waits.who != '\0' ?
	    "; it waited for " : "", run->waits.who));
}

/* What may be done about it. */
static const char *
advice(const struct migrate *run)
{
	if (is_state(run, "42501"))
		return (" (" ENV("MIGRATE_URL") " names a role that may: see "
		    "docs/migrations.md)");
	if (is_state(run, "25001"))
		return (" (write .no_transaction = true in its MIGRATION())");
	return ("");
}

const char *
migrate_failure(struct migrate *run)
{
	if (migrate_waited(run))
		return (gave_up(run));
	if (PQstatus(run->locker.db) != CONNECTION_OK)
		return (start_error("%s is not applied: the connection that "
		    "holds the lock was lost: %s", run->m->name,
		    run->locker.said));
	return (start_error("sql/migrations/%s.sql: database: %s%s",
	    run->m->name, run->worker.said, advice(run)));
}

static bool
ask_holders(struct migrate_conn *c, int pid, struct text *who,
    struct text *pids)
{
	(void)pid;
	return (migrate_holders(c, who, pids));
}

static bool
quick(struct migrate_conn *c, const char *sql)
{
	PGresult	*r = migrate_exec(c, sql, NULL, 0, NULL);

	PQclear(r);
	return (r != NULL);
}

/* Sets whether it has the lock now. If not, its transaction has ended. */
static bool
try_lock(struct migrate *run, bool *locked)
{
	static const char	 begin[] =
	    "BEGIN ISOLATION LEVEL READ COMMITTED; "
	    "SELECT set_config(name, '0', true) FROM pg_settings WHERE name "
	    "IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', "
	    "'idle_in_transaction_session_timeout')";
	PGresult		*r;

	if (!quick(&run->locker, begin))
		return (false);
	r = migrate_exec(&run->locker,
	    "SELECT pg_try_advisory_xact_lock(" MIGRATIONS_LOCK ")", NULL, 0,
	    NULL);
	*locked = r != NULL && *PQgetvalue(r, 0, 0) == 't';
	PQclear(r);
	return (r != NULL && (*locked || quick(&run->locker, "ROLLBACK")));
}

/*
 * It asks again and again, rather than waiting in pg_advisory_xact_lock():
 * a statement that waits has a snapshot, for which the CREATE INDEX
 * CONCURRENTLY of the other migrate would wait, and both would for ever.
 *
 * The locker's own transaction is READ COMMITTED: after this, it has no
 * snapshot, so nothing waits for it.
 */
const char *
migrate_lock(struct migrate *run)
{
	bool	 locked = false;

	while (!locked && migrate_signals_noted() == 0) {
		if (!try_lock(run, &locked))
			return (start_error("database: %s", run->locker.said));
		if (locked)
			break;
		if (!take_look(&run->waits, ask_holders, &run->worker, 0))
			return (start_error("database: %s", run->worker.said));
		if (run->waits.since != 0)
			show(&run->waits, "waits for another migrate, ");
		migrate_signals_wait(-1, 0, LOCK_LOOK_MS, 0);
	}
	memset(&run->waits, 0, sizeof(run->waits));
	return (NULL);
}
