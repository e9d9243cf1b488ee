/* SPDX-License-Identifier: ISC */
/* Applies a migration in a transaction. */

#include <stdio.h>
#include <string.h>

#include "database/migrate.h"
#include "database/migrate_signals.h"
#include "database/migrations.h"
#include "database/step_run.h"
#include "utils/start_error.h"

/* How an attempt has ended. */
enum outcome {
	APPLIED,
	ROLLED_BACK,
	REFUSED,		/* by its step, say: *why tells */
	UNKNOWN			/* no answer to COMMIT */
};

static bool
run_sql(struct migrate *run, const char *sql)
{
	PGresult	*r = migrate_watched(run, sql, NULL, 0, false);

	PQclear(r);
	return (r != NULL);
}

/* A pooler may give a transaction any session: so its settings are its own. */
static bool
begin(struct migrate *run)
{
	char		 sql[768];
	struct text	 t = text_in(sql, sizeof(sql));

	text_puts(&t, "BEGIN; SELECT set_config('statement_timeout', '0', "
	    "true), set_config('client_min_messages', 'warning', true), "
	    "set_config('lock_timeout', ");
	migrate_lock_timeout(run, &t);
	text_puts(&t, ", true)");
	return (run_sql(run, sql));
}

bool
migrate_record(struct migrate *run)
{
	static const char	 sql[] = "INSERT INTO " MIGRATIONS_TABLE
				    " (version, name, checksum) "
				    "VALUES ($1, $2, $3)";
	char			 version[16], sum[MIGRATIONS_CHECKSUM];
	const char		*params[] = { version, run->m->name, sum };
	PGresult		*r;

	snprintf(version, sizeof(version), "%d",
	    migrations_version_of(run->m));
	migrations_checksum(run->m, sum);
	r = migrate_watched(run, sql, params, 3, false);
	PQclear(r);
	return (r != NULL);
}

/* A signal ends the wait for the answer, but not the COMMIT. */
static enum outcome
commit(struct migrate *run)
{
	if (run_sql(run, "COMMIT"))
		return (APPLIED);
	return (*run->worker.state == '\0' ||
	    PQstatus(run->worker.db) != CONNECTION_OK ? UNKNOWN : ROLLED_BACK);
}

static enum outcome
attempt(struct migrate *run, const char **why)
{
	if (!begin(run) || !run_sql(run, run->m->sql))
		return (ROLLED_BACK);
	if (run->m->step != NULL && !step_apply(run, why))
		return (*why != NULL ? REFUSED : ROLLED_BACK);
	if (PQtransactionStatus(run->worker.db) != PQTRANS_INTRANS) {
		*why = start_error("%s has ended its transaction, which "
		    "./keel migrate does", run->m->name);
		return (REFUSED);
	}
	if (!migrate_record(run))
		return (ROLLED_BACK);
	return (commit(run));
}

/* What failed is kept; the end of the connection would roll back, too. */
void
migrate_roll_back(struct migrate *run)
{
	char	 state[sizeof(run->worker.state)];
	char	 said[sizeof(run->worker.said)];

	memcpy(state, run->worker.state, sizeof(state));
	memcpy(said, run->worker.said, sizeof(said));
	PQclear(migrate_exec(&run->worker, "ROLLBACK", NULL, 0, NULL));
	memcpy(run->worker.state, state, sizeof(state));
	memcpy(run->worker.said, said, sizeof(said));
}

static const char *
was_rolled_back(const struct migrate *run)
{
	return (start_error("ended by %s: %s was rolled back",
	    migrate_signals_name(migrate_signals_noted()), run->m->name));
}

const char *
migrate_apply(struct migrate *run)
{
	const char	*why = NULL;
	enum outcome	 outcome;

	do {
		outcome = attempt(run, &why);
		if (outcome == APPLIED)
			return (NULL);
		if (outcome == UNKNOWN)
			return (start_error("there is no answer to the COMMIT "
			    "of %s: the next ./keel migrate tells whether it "
			    "is applied: %s", run->m->name, run->worker.said));
		migrate_roll_back(run);
		if (outcome == REFUSED)
			return (why);
	} while (migrate_signals_noted() == 0 && migrate_again(run));
	return (migrate_signals_noted() != 0 ? was_rolled_back(run) :
	    migrate_failure(run));
}
