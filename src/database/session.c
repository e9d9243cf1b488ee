/* SPDX-License-Identifier: ISC */
/*
 * The settings of a session. They are no startup parameters, since a pooler
 * such as pgbouncer refuses or drops those. A role or a database may have other
 * values (ALTER ROLE ... SET), so every setting is here that changes what a
 * statement means, how a value is written or read, or what an error does.
 *
 * Left as they are: what only makes statements faster or slower; search_path,
 * role and default_transaction_read_only, which say where the data is and who
 * may write it; row_security, which off makes an error of what it would hide;
 * lc_messages and others that only a superuser may set; and those of XML, large
 * objects, casts to money and to_char(), which no statement uses.
 */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "database/session.h"
#include "utils/start_error.h"
#include "utils/text.h"

/* Values are as SHOW writes them. */
struct setting {
	const char	*name;
	const char	*value;
};

/* What the statements and the code rely on. */
static const struct setting	ours[] = {
	/* How values are written and read. */
	{ "TimeZone", "UTC" },
	{ "timezone_abbreviations", "Default" },
	{ "DateStyle", "ISO, MDY" },
	{ "IntervalStyle", "postgres" },
	{ "client_encoding", "UTF8" },
	{ "bytea_output", "hex" },
	{ "extra_float_digits", "1" },
	{ "array_nulls", "on" },
	/* What a statement means. */
	{ "standard_conforming_strings", "on" },
	{ "backslash_quote", "safe_encoding" },
	{ "transform_null_equals", "off" },
	{ "gin_fuzzy_search_limit", "0" },	/* or a search lacks rows */
	{ "quote_all_identifiers", "off" },	/* CHECKs are read */
	{ "default_transaction_isolation", "read committed" },
	{ "default_transaction_deferrable", "off" },
	/* What an error does. */
	{ "exit_on_error", "off" },
	{ "client_min_messages", "warning" },
};

/* Those that the URL's options may set; they win then. */
static const struct setting	defaults[] = {
	{ "statement_timeout", "5s" },
	{ "lock_timeout", "0" },
	{ "idle_in_transaction_session_timeout", "15s" },
	{ "idle_session_timeout", "0" },	/* a pool's are idle */
	{ "transaction_timeout", "0" },		/* PostgreSQL 17 */
	/* A message with parameters would have addresses and hashes. */
	{ "log_parameter_max_length_on_error", "0" },
};

/* Of ours, those that the server reports whenever they change. */
static const char *const	reported[] = {
	"TimeZone", "DateStyle", "IntervalStyle", "client_encoding",
	"standard_conforming_strings"
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define DUPLICATE_STATEMENT	"42P05"
#define PROCESS		"backend pid"	/* a row of the answer */
#define IN_BETWEEN	"is a connection pooler in between that does not "  \
			"keep to session mode?"

static void
append_settings(struct text *sql, const struct setting *s, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		text_printf(sql, "%s('%s', '%s')", i > 0 ? ", " : "",
		    s[i].name, s[i].value);
}

/*
 * The server knows which settings came with the connection: their source is the
 * client. A setting that it does not have, since it is older, is left out.
 */
const char *
session_sql(void)
{
	static char	 data[2048];
	struct text	 sql = text_in(data, sizeof(data));

	text_puts(&sql, "SELECT '" PROCESS "' AS name, "
	    "pg_catalog.pg_backend_pid()::text UNION ALL "
	    "SELECT name, pg_catalog.set_config(name, value, false)"
	    " FROM (VALUES ");
	append_settings(&sql, ours, COUNT(ours));
	text_puts(&sql, ") AS ours (name, value) UNION ALL "
	    "SELECT name, pg_catalog.set_config(name, value, false)"
	    " FROM (VALUES ");
	append_settings(&sql, defaults, COUNT(defaults));
	text_puts(&sql, ") AS defaults (name, value) WHERE EXISTS ("
	    "SELECT FROM pg_catalog.pg_settings AS s "
	    "WHERE s.name = defaults.name AND s.source <> 'client')");
	return (data);
}

static const struct setting *
find(const struct setting *s, size_t n, const char *name)
{
	for (; n > 0; s++, n--) {
		if (strcmp(s->name, name) == 0)
			return (s);
	}
	return (NULL);
}

bool
session_is_pooled(const PGconn *db, const PGresult *r)
{
	int	 row;

	for (row = 0; row < PQntuples(r); row++) {
		if (strcmp(PQgetvalue(r, row, 0), PROCESS) == 0)
			return (atoi(PQgetvalue(r, row, 1)) !=
			    PQbackendPID(db));
	}
	return (false);
}

static const char *
differs(const struct setting *s, const char *value)
{
	return (start_error("%s is '%s' although '%s' was set: " IN_BETWEEN,
	    s->name, value, s->value));
}

const char *
session_check_set(const PGresult *r)
{
	const struct setting	*s;
	const char		*name, *value;
	size_t			 found = 0;
	int			 row;

	for (row = 0; row < PQntuples(r) && PQnfields(r) == 2; row++) {
		name = PQgetvalue(r, row, 0);
		value = PQgetvalue(r, row, 1);
		if ((s = find(ours, COUNT(ours), name)) != NULL)
			found++;
		else
			s = find(defaults, COUNT(defaults), name);
		if (s == NULL || strcmp(s->value, value) == 0)
			continue;
		return (differs(s, value));
	}
	return (found == COUNT(ours) ? NULL : "the session's settings were "
	    "not all set: " IN_BETWEEN);
}

/* NULL is a server that does not report it: the statement's result counts. */
const char *
session_check_reported(const PGconn *db)
{
	const struct setting	*s;
	const char		*value;
	size_t			 i;

	for (i = 0; i < COUNT(reported); i++) {
		s = find(ours, COUNT(ours), reported[i]);
		value = PQparameterStatus(db, s->name);
		if (value != NULL && strcmp(value, s->value) != 0)
			return (differs(s, value));
	}
	return (NULL);
}

const char *
session_failed(const PGresult *r)
{
	const char	*state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (state != NULL && strcmp(state, DUPLICATE_STATEMENT) == 0)
		return ("a connection pooler gives it a session that another "
		    "connection has used: it needs pool_mode = session and "
		    "server_reset_query = DISCARD ALL");
	return (PQresultErrorMessage(r));
}
