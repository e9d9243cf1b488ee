/* SPDX-License-Identifier: ISC */
/*
 * ./keel migrate. Three connections: the locker holds an advisory lock from
 * before the first change to the end, so that migrations are applied once; the
 * worker applies them; the watcher sees who blocks it. If none is missing, it
 * only reads.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "database/migrate.h"
#include "database/migrate_signals.h"
#include "database/migrations.h"
#include "database/sync.h"
#include "database/unreplicated.h"
#include "product.h"
#include "utils/start_error.h"

const char *
migrations_take_signals(void)
{
	return (migrate_signals_take());
}

int
migrations_ended_by(void)
{
	return (migrate_signals_noted());
}

/* It has no statement of a migration: somebody may not read the table, say. */
static const char *
failed(const struct migrate_conn *c)
{
	return (start_error("database: %s%s", c->said,
	    strcmp(c->state, "42501") == 0 ? " (" ENV("MIGRATE_URL") " names "
	    "a role that may: see docs/migrations.md)" : ""));
}

static PGresult *
read_quickly(struct migrate *run, const char *sql)
{
	return (migrate_exec(&run->worker, sql, NULL, 0, NULL));
}

/* What is applied; *r is NULL if there is no table yet. */
static const char *
read_applied(struct migrate *run, PGresult **r)
{
	bool	 exists;

	if ((*r = read_quickly(run, MIGRATIONS_EXISTS)) == NULL)
		return (failed(&run->worker));
	exists = *PQgetvalue(*r, 0, 0) == 't';
	PQclear(*r);
	*r = NULL;
	if (exists && (*r = read_quickly(run, MIGRATIONS_APPLIED)) == NULL)
		return (failed(&run->worker));
	return (NULL);
}

static void
print_up_to_date(const char *before)
{
	printf("%s" PRODUCT ": the database is up to date (version %d", before,
	    migrations_version());
	if (migrations_own_version() != 0)
		printf(", and %d of its own", migrations_own_version());
	printf(")\n");
}

/* How many are missing; the files of those are checked. */
static const char *
count_missing(const PGresult *r, unsigned *missing)
{
	const struct migration	*m;
	const char		*problem;
	bool			 applied;

	*missing = 0;
	for (m = migrations_after(0); m != NULL;
	    m = migrations_after(migrations_version_of(m))) {
		if ((problem = migrations_find(r, m, &applied)) != NULL)
			return (problem);
		if (applied)
			continue;
		if ((problem = migrate_check(m)) != NULL)
			return (problem);
		++*missing;
	}
	return (NULL);
}

static const char *
print_missing(const PGresult *r, unsigned missing)
{
	const struct migration	*m;
	const char		*problem;
	bool			 applied;

	if (missing == 0) {
		print_up_to_date("-- ");
		return (NULL);
	}
	migrate_print_head(r != NULL);
	for (m = migrations_after(0); m != NULL;
	    m = migrations_after(migrations_version_of(m))) {
		if ((problem = migrations_find(r, m, &applied)) != NULL)
			return (problem);
		if (!applied)
			migrate_print(m);
	}
	return (NULL);
}

/* A standard output that takes nothing must not hold it up for ever. */
static bool
print_applying(const struct migration *m)
{
	while (migrate_signals_noted() == 0 && !migrate_signals_wait(
	    STDOUT_FILENO, POLLOUT, -1, 0))
		;
	if (migrate_signals_noted() == 0)
		printf(PRODUCT ": applying %s\n", m->name);
	return (migrate_signals_noted() == 0);
}

static const char *
ended(void)
{
	return (start_error("ended by %s",
	    migrate_signals_name(migrate_signals_noted())));
}

static const char *
apply_one(struct migrate *run)
{
	const char	*problem;

	if (!print_applying(run->m))
		return (ended());
	run->until = 0;
	memset(&run->waits, 0, sizeof(run->waits));
	sync_take_unreplicated();
	problem = run->m->no_transaction ? migrate_apply_alone(run) :
	    migrate_apply(run);
	if (sync_take_unreplicated() && problem == NULL)
		return (start_error("%s: " UNREPLICATED, run->m->name));
	if (problem == NULL && migrate_signals_noted() != 0)
		return (start_error("ended by %s: %s is applied",
		    migrate_signals_name(migrate_signals_noted()),
		    run->m->name));
	return (problem);
}

static const char *
apply_missing(struct migrate *run, const PGresult *r)
{
	const struct migration	*m;
	const char		*problem;
	unsigned		 count = 0;
	bool			 applied;

	for (m = migrations_after(0); m != NULL;
	    m = migrations_after(migrations_version_of(m))) {
		if ((problem = migrations_find(r, m, &applied)) != NULL)
			return (problem);
		if (applied)
			continue;
		/* What one has SET does not count for the next. */
		if (count++ > 0 &&
		    (problem = migrate_renew(&run->worker)) != NULL)
			return (problem);
		run->m = m;
		if ((problem = apply_one(run)) != NULL)
			return (problem);
	}
	if (count == 0)
		print_up_to_date("");
	return (NULL);
}

static const char *
create_table(struct migrate *run)
{
	PGresult	*r = read_quickly(run, "BEGIN; "
			    "SET LOCAL statement_timeout = 0; "
			    MIGRATIONS_CREATE "; COMMIT");

	PQclear(r);
	return (r != NULL ? NULL : failed(&run->worker));
}

/* Another migrate may have applied some while this one waited for the lock. */
static const char *
apply_locked(struct migrate *run)
{
	const char	*problem;
	PGresult	*r;

	if ((problem = migrate_lock(run)) != NULL)
		return (problem);
	if (migrate_signals_noted() != 0)
		return (ended());
	if ((problem = read_applied(run, &r)) != NULL)
		return (problem);
	if (r == NULL)
		problem = create_table(run);
	if (problem == NULL)
		problem = apply_missing(run, r);
	PQclear(r);
	return (problem);
}

/* Signals are only noted from here on: they must not leave a statement. */
static const char *
apply_all(struct migrate *run)
{
	const char	*problem;

	if ((problem = migrate_open(&run->locker)) == NULL &&
	    (problem = migrate_open(&run->watcher)) == NULL) {
		run->worker.other = &run->watcher;
		migrate_signals_hold();
		problem = apply_locked(run);
	}
	PQfinish(run->watcher.db);
	PQfinish(run->locker.db);
	return (problem);
}

static const char *
run_on(struct migrate *run, bool dry_run)
{
	const char	*problem;
	PGresult	*r;
	unsigned	 missing;

	if ((problem = read_applied(run, &r)) != NULL)
		return (problem);
	problem = count_missing(r, &missing);
	if (problem == NULL && dry_run)
		problem = print_missing(r, missing);
	else if (problem == NULL && missing == 0)
		print_up_to_date("");
	else if (problem == NULL)
		problem = apply_all(run);
	PQclear(r);
	return (problem);
}

const char *
migrations_run(bool dry_run, unsigned lock_seconds)
{
	struct migrate	 run = { .limit_ms = (int64_t)lock_seconds * 1000 };
	const char	*problem;

	if ((problem = migrate_open(&run.worker)) == NULL)
		problem = run_on(&run, dry_run);
	PQfinish(run.worker.db);
	return (problem);
}
