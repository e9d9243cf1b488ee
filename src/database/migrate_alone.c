/* SPDX-License-Identifier: ISC */
/*
 * Applies a migration outside of a transaction: each statement on its own.
 * After a crash they run again from the first, so an index that was left
 * unfinished must go before it is built again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/migrate.h"
#include "database/migrate_signals.h"
#include "database/migrations.h"
#include "database/sql_split.h"
#include "utils/start_error.h"

/* What is known of the index of a CREATE INDEX CONCURRENTLY. */
enum index_state { MISSING, UNFINISHED, FINISHED, UNKNOWN };

static bool
run_sql(struct migrate *run, const char *sql, bool patient)
{
	PGresult	*r = migrate_watched(run, sql, NULL, 0, patient);

	PQclear(r);
	return (r != NULL);
}

/* A lock_timeout would leave an unfinished index behind. */
static bool
set_timeouts(struct migrate *run, bool patient)
{
	char		 sql[768];
	struct text	 t = text_in(sql, sizeof(sql));

	text_puts(&t, "SELECT set_config('statement_timeout', '0', false), "
	    "set_config('client_min_messages', 'warning', false), "
	    "set_config('lock_timeout', ");
	if (patient)
		text_puts(&t, "'0'");
	else
		migrate_lock_timeout(run, &t);
	text_puts(&t, ", false)");
	return (run_sql(run, sql, false));
}

/*
 * The index by the name and the table as they are written; and its name for
 * DROP INDEX, quoted.
 */
static enum index_state
find_index(struct migrate *run, const struct sql_build *b, char *name,
    size_t size)
{
	static const char	 sql[] =
	    "SELECT i.indisvalid AND i.indisready AND i.indislive, "
	    "quote_ident(n.nspname) || '.' || quote_ident(c.relname) "
	    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
	    "JOIN pg_namespace n ON n.oid = c.relnamespace "
	    "WHERE i.indrelid = to_regclass($1) "
	    "AND c.relname = (parse_ident($2))[1]::name";
	char			 table[256], index[256];
	const char		*params[] = { table, index };
	enum index_state	 state = MISSING;
	PGresult		*r;

	snprintf(table, sizeof(table), "%.*s", (int)b->table_len, b->table);
	snprintf(index, sizeof(index), "%.*s", (int)b->index_len, b->index);
	if ((r = migrate_watched(run, sql, params, 2, false)) == NULL)
		return (UNKNOWN);
	if (PQntuples(r) == 1) {
		state = *PQgetvalue(r, 0, 0) == 't' ? FINISHED : UNFINISHED;
		snprintf(name, size, "%s", PQgetvalue(r, 0, 1));
	}
	PQclear(r);
	return (state);
}

/*
 * An unfinished index may still be built, by the server process of a migrate
 * that was killed, or by somebody else. This lock waits for that, and for no
 * statement of a request.
 */
static bool
wait_for_builder(struct migrate *run, const struct sql_build *b)
{
	char	 sql[320];
	bool	 done;

	snprintf(sql, sizeof(sql), "BEGIN; LOCK TABLE %.*s IN SHARE UPDATE "
	    "EXCLUSIVE MODE; COMMIT", (int)b->table_len, b->table);
	if (!(done = run_sql(run, sql, true)))
		migrate_roll_back(run);
	return (done);
}

static enum index_state
prepare_index(struct migrate *run, const struct sql_build *b)
{
	char			 sql[320], name[256] = "";
	enum index_state	 state;

	state = find_index(run, b, name, sizeof(name));
	if (state != UNFINISHED)
		return (state);
	if (!wait_for_builder(run, b))
		return (UNKNOWN);
	state = find_index(run, b, name, sizeof(name));
	if (state != UNFINISHED)
		return (state);
	snprintf(sql, sizeof(sql), "DROP INDEX CONCURRENTLY IF EXISTS %s",
	    name);
	return (run_sql(run, sql, true) ? MISSING : UNKNOWN);
}

/* With IF NOT EXISTS, PostgreSQL is content with any relation of its name. */
static bool
build_index(struct migrate *run, const struct sql_build *b, const char *sql,
    const char **why)
{
	char	 name[256];

	switch (prepare_index(run, b)) {
	case UNKNOWN:
		return (false);
	case FINISHED:
		return (true);
	default:
		break;
	}
	if (!run_sql(run, sql, true))
		return (false);
	switch (find_index(run, b, name, sizeof(name))) {
	case FINISHED:
		return (true);
	case UNKNOWN:
		return (false);
	default:
		*why = start_error("%s is not applied: its index %.*s is not "
		    "there, or not valid", run->m->name, (int)b->index_len,
		    b->index);
		return (false);
	}
}

static bool
try_statement(struct migrate *run, const struct sql_split *s, const char *sql,
    const char **why)
{
	struct sql_build	 b;
	enum sql_kind		 kind = sql_kind(s, &b);
	bool			 patient = kind == SQL_BUILD ||
				    kind == SQL_CONCURRENTLY;

	if (!set_timeouts(run, patient))
		return (false);
	return (kind == SQL_BUILD ? build_index(run, &b, sql, why) :
	    run_sql(run, sql, patient));
}

static const char *
failure(struct migrate *run)
{
	if (migrate_signals_noted() == 0)
		return (migrate_failure(run));
	return (start_error("ended by %s: %s is not applied as a whole: the "
	    "next ./keel migrate goes on with it",
	    migrate_signals_name(migrate_signals_noted()), run->m->name));
}

static const char *
run_statement(struct migrate *run, const struct sql_split *s)
{
	const char	*why = NULL;
	char		*sql;
	bool		 done;

	if ((sql = strndup(s->text, s->len)) == NULL)
		return ("out of memory");
	do
		done = try_statement(run, s, sql, &why);
	while (!done && why == NULL && migrate_signals_noted() == 0 &&
	    migrate_again(run));
	free(sql);
	return (done ? NULL : why != NULL ? why : failure(run));
}

/* REINDEX leaves name_ccnew behind. */
static bool
is_of_file(const struct migration *m, const PGresult *r, int row)
{
	char	*name = PQgetvalue(r, row, 0), *end = strstr(name, "_ccnew");

	if (sql_names(m->sql, name) || sql_names(m->sql, PQgetvalue(r, row, 1)))
		return (true);
	if (end == NULL)
		return (false);
	*end = '\0';
	return (sql_names(m->sql, name));
}

/* An index that is not valid costs time, and helps nobody. */
static const char *
find_invalid(struct migrate *run)
{
	static const char	 sql[] =
	    "SELECT c.relname, t.relname, i.indexrelid::regclass "
	    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
	    "JOIN pg_class t ON t.oid = i.indrelid "
	    "WHERE NOT i.indisvalid AND c.relkind = 'i'";
	const char		*problem = NULL;
	PGresult		*r;
	int			 row;

	if ((r = migrate_watched(run, sql, NULL, 0, false)) == NULL)
		return (failure(run));
	for (row = 0; problem == NULL && row < PQntuples(r); row++) {
		if (is_of_file(run->m, r, row))
			problem = start_error("%s is not applied: the index "
			    "%s of the table %s is not valid: DROP INDEX "
			    "CONCURRENTLY it, and run ./keel migrate again",
			    run->m->name, PQgetvalue(r, row, 2),
			    PQgetvalue(r, row, 1));
	}
	PQclear(r);
	return (problem);
}

const char *
migrate_apply_alone(struct migrate *run)
{
	struct sql_split	 s = sql_split(run->m->sql);
	const char		*problem;

	while (sql_split_next(&s)) {
		if ((problem = run_statement(run, &s)) != NULL)
			return (problem);
	}
	if ((problem = find_invalid(run)) != NULL)
		return (problem);
	while (!set_timeouts(run, false) || !migrate_record(run)) {
		if (migrate_signals_noted() != 0 || !migrate_again(run))
			return (failure(run));
	}
	return (NULL);
}
