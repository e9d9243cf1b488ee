/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * What happens before the fork: query files are split into named statements,
 * the database is reached once, and every statement is prepared there and its
 * columns compared with the model that will read them.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "database/pool.h"
#include "database/sync.h"

#define CONNECT_TIMEOUT	"3"	/* seconds */
#define SESSION		"-c timezone=UTC -c datestyle=ISO "		\
			"-c client_encoding=UTF8 "			\
			"-c statement_timeout=5000 "			\
			"-c idle_in_transaction_session_timeout=15000"

extern const struct query_file	*const __start_keel_query_files[];
extern const struct query_file	*const __stop_keel_query_files[];

static char	problem[1024];

/* One line: what libpq says often has several. */
static const char *
one_line(const char *prefix, const char *text)
{
	char	*p;

	snprintf(problem, sizeof(problem), "%s%s", prefix, text);
	for (p = problem; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
	while (p > problem && p[-1] == ' ')
		*--p = '\0';
	return (problem);
}

/* The text between this section's heading and the next. */
static const char *
find_section(const char *name)
{
	const struct query_file	*const *f;
	const char		*p, *end;
	size_t			 len = strlen(name);

	for (f = __start_keel_query_files; f < __stop_keel_query_files; f++) {
		for (p = strstr((*f)->text, "-- name: "); p != NULL;
		    p = strstr(p, "-- name: ")) {
			p += strlen("-- name: ");
			if (strncmp(p, name, len) != 0 || p[len] != '\n')
				continue;
			p += len + 1;
			end = strstr(p, "-- name: ");
			return (end == NULL ? strdup(p) :
			    strndup(p, (size_t)(end - p)));
		}
	}
	return (NULL);
}

const char *
database_load(void)
{
	struct query	*const *q;

	for (q = __start_keel_queries; q < __stop_keel_queries; q++) {
		if (((*q)->sql = find_section((*q)->name)) == NULL)
			return (one_line("sql/queries has no section named ",
			    (*q)->name));
	}
	return (NULL);
}

PGresult *
sync_run(PGconn *db, const char *sql, const char *const *params, int n)
{
	PGresult	*r;

	r = n == 0 ? PQexec(db, sql) :
	    PQexecParams(db, sql, n, NULL, params, NULL, NULL, 0);
	if (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK)
		return (r);
	PQclear(r);
	return (NULL);
}

const char *
sync_error(PGconn *db)
{
	return (one_line("database: ", PQerrorMessage(db)));
}

static const char *
query_problem(const struct query *q, const char *what)
{
	char	 prefix[256];

	snprintf(prefix, sizeof(prefix), "sql/queries: %s: ", q->name);
	return (one_line(prefix, what));
}

/* Does a column of that SQL type (pg_type.oid) fit the member's type? */
static bool
type_fits(enum field_type type, Oid oid)
{
	switch (type) {
	case T_STR:
		return (oid == 25 || oid == 1043);	/* text, varchar */
	case T_UUID:
		return (oid == 2950);
	case T_BOOL:
		return (oid == 16);
	case T_INT:
		return (oid == 20 || oid == 21 || oid == 23);
	case T_TIME:
		return (oid == 1184);			/* timestamptz */
	case T_JSON:
		return (oid == 3802);			/* jsonb */
	case T_LIST:
		break;
	}
	return (false);
}

static const char *
check_columns(const struct query *q, const PGresult *r)
{
	size_t	 i;

	if ((size_t)PQnfields(r) != q->model->ncolumns)
		return (query_problem(q, "its columns are not those of its "
		    "model"));
	for (i = 0; i < q->model->ncolumns; i++) {
		if (strcmp(q->model->columns[i].structure, q->model->name) != 0)
			return (query_problem(q, "its model has a column of "
			    "another struct"));
		if (strcmp(PQfname(r, (int)i), q->model->columns[i].name) != 0)
			return (query_problem(q, "its columns are not those "
			    "of its model, or in another order"));
		if (!type_fits(q->model->columns[i].type,
		    PQftype(r, (int)i)))
			return (query_problem(q, "a column has another type "
			    "than its model's"));
	}
	return (NULL);
}

/*
 * Preparing does not plan: that ON CONFLICT finds its index, say, is known
 * only afterwards. EXPLAIN plans and runs nothing.
 */
static const char *
check_plan(PGconn *db, const struct query *q)
{
	const char	*what = NULL;
	char		 sql[512];
	PGresult	*r;
	unsigned	 i;
	size_t		 n;

	n = (size_t)snprintf(sql, sizeof(sql), "EXPLAIN EXECUTE \"%s\"",
	    q->name);
	for (i = 0; i < q->nparams && n < sizeof(sql) - 8; i++)
		n += (size_t)snprintf(sql + n, sizeof(sql) - n, "%sNULL",
		    i == 0 ? "(" : ", ");
	snprintf(sql + n, sizeof(sql) - n, "%s", i > 0 ? ")" : "");
	r = PQexec(db, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		what = query_problem(q, PQresultErrorMessage(r));
	PQclear(r);
	return (what);
}

static const char *
check_query(PGconn *db, struct query *q)
{
	const char	*what = NULL;
	PGresult	*r;

	r = PQprepare(db, q->name, q->sql, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK) {
		what = query_problem(q, PQresultErrorMessage(r));
		PQclear(r);
		return (what);
	}
	PQclear(r);
	r = PQdescribePrepared(db, q->name);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		what = query_problem(q, PQresultErrorMessage(r));
	else
		what = check_columns(q, r);
	q->nparams = (unsigned)PQnparams(r);
	PQclear(r);
	return (what != NULL ? what : check_plan(db, q));
}

/* Addresses are compared without regard to case, and not in ASCII alone. */
static const char *
check_locale(PGconn *db)
{
	PGresult	*r;
	bool		 fine;

	r = sync_run(db, "SELECT lower('\u00c9') = '\u00e9'", NULL, 0);
	if (r == NULL)
		return (sync_error(db));
	fine = strcmp(PQgetvalue(r, 0, 0), "t") == 0;
	PQclear(r);
	return (fine ? NULL : "the database's locale knows ASCII alone: make "
	    "one with LC_CTYPE 'C.UTF-8'");
}

static PGconn *
connect_to(const char *conninfo, const char **what)
{
	PGconn	*db = PQconnectdb(conninfo);

	if (PQstatus(db) == CONNECTION_OK)
		return (db);
	*what = one_line("cannot reach the database: ", PQerrorMessage(db));
	PQfinish(db);
	return (NULL);
}

PGconn *
sync_connect(const char **what)
{
	const char	*conninfo;

	if ((conninfo = database_conninfo(config.database_url, what)) == NULL)
		return (NULL);
	return (connect_to(conninfo, what));
}

const char *
database_check(void)
{
	struct query	*const *q;
	const char	*what;
	PGconn		*db;

	if ((db = sync_connect(&what)) == NULL)
		return (what);
	if ((what = migrations_check(db)) == NULL)
		what = check_locale(db);
	for (q = __start_keel_queries; what == NULL &&
	    q < __stop_keel_queries; q++)
		what = check_query(db, *q);
	PQfinish(db);
	return (what);
}

const char *
database_exec_now(const struct query *q, int64_t *touched,
    const char *const *params, size_t nparams)
{
	const char	*what = NULL;
	PGresult	*r;
	PGconn		*db;

	if ((db = sync_connect(&what)) == NULL)
		return (what);
	if ((r = sync_run(db, q->sql, params, (int)nparams)) == NULL)
		what = sync_error(db);
	else
		*touched = atoll(PQcmdTuples(r));
	PQclear(r);
	PQfinish(db);
	return (what);
}

/* Workers have no DNS: a name becomes an address here. */
static const char *
resolve(const char *host, char *out, size_t size)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *res;
	int		 error;

	if ((error = getaddrinfo(host, NULL, &hints, &res)) != 0)
		return (gai_strerror(error));
	error = getnameinfo(res->ai_addr, res->ai_addrlen, out,
	    (socklen_t)size, NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(res);
	return (error != 0 ? gai_strerror(error) : NULL);
}

/* A conninfo string being written: keyword='value' and so on. */
struct conninfo {
	char	text[4096];
	size_t	len;
	bool	full;
};

static void
append_char(struct conninfo *info, char c)
{
	if (info->len + 1 >= sizeof(info->text)) {
		info->full = true;
		return;
	}
	info->text[info->len++] = c;
	info->text[info->len] = '\0';
}

static void
append_option(struct conninfo *info, const char *keyword, const char *value)
{
	for (; *keyword != '\0'; keyword++)
		append_char(info, *keyword);
	append_char(info, '=');
	append_char(info, '\'');
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			append_char(info, '\\');
		append_char(info, *value);
	}
	append_char(info, '\'');
	append_char(info, ' ');
}

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return (options->val);
	}
	return (NULL);
}

/* All that was given, but for what is Keel's to say. */
static void
append_given(struct conninfo *info, const PQconninfoOption *options)
{
	static const char *const ours[] = {
		"options", "connect_timeout", "gssencmode", "host", "hostaddr",
		"user", "application_name", "client_encoding"
	};
	size_t	 i;

	for (; options->keyword != NULL; options++) {
		for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
			if (strcmp(options->keyword, ours[i]) == 0)
				break;
		}
		if (i == sizeof(ours) / sizeof(ours[0]) &&
		    options->val != NULL)
			append_option(info, options->keyword, options->val);
	}
}

/* The URL's own value, or libpq's default for it (PGHOST, PGUSER). */
static const char *
given_or_default(const PQconninfoOption *options,
    const PQconninfoOption *defaults, const char *keyword)
{
	const char	*value = option_value(options, keyword);

	return (value != NULL ? value : option_value(defaults, keyword));
}

/* A worker asks no name server: a name becomes an address here. */
static const char *
append_host(struct conninfo *info, const PQconninfoOption *options,
    const PQconninfoOption *defaults)
{
	static char	 line[512];
	char		 address[NI_MAXHOST];
	const char	*host, *addr, *error;

	host = given_or_default(options, defaults, "host");
	addr = given_or_default(options, defaults, "hostaddr");
	if ((host != NULL && strchr(host, ',') != NULL) ||
	    (addr != NULL && strchr(addr, ',') != NULL))
		return ("one host only");
	if (host != NULL)
		append_option(info, "host", host);
	if (addr == NULL && host != NULL && *host != '/' && *host != '\0' &&
	    *host != '@') {
		error = resolve(host, address, sizeof(address));
		if (error != NULL) {
			snprintf(line, sizeof(line), "%s: %s", host, error);
			return (line);
		}
		addr = address;
	}
	if (addr != NULL)
		append_option(info, "hostaddr", addr);
	return (NULL);
}

static const char *
write_conninfo(struct conninfo *info, const PQconninfoOption *options,
    const PQconninfoOption *defaults)
{
	char		 session[1024];
	const char	*given, *what;

	if (option_value(options, "service") != NULL)
		return ("service files are not read");
	append_given(info, options);
	if ((what = append_host(info, options, defaults)) != NULL)
		return (what);
	given = given_or_default(options, defaults, "user");
	append_option(info, "user", given != NULL ? given : "keel");
	given = option_value(options, "options");
	if ((size_t)snprintf(session, sizeof(session), "%s %s", SESSION,
	    given != NULL ? given : "") >= sizeof(session))
		return ("its options are too long");
	append_option(info, "options", session);
	append_option(info, "connect_timeout", CONNECT_TIMEOUT);
	append_option(info, "gssencmode", "disable");
	append_option(info, "application_name", "keel");
	return (info->full ? "it is too long" : NULL);
}

const char *
database_conninfo(const char *url, const char **what)
{
	static struct conninfo	 info;
	PQconninfoOption	*options, *defaults;
	const char		*reason;

	/* What libpq says of it repeats it, and a password with it. */
	if ((options = PQconninfoParse(url, NULL)) == NULL) {
		*what = "KEEL_DATABASE_URL is neither a valid URI nor "
		    "key=value pairs (percent-encode a URI's password)";
		return (NULL);
	}
	defaults = PQconndefaults();
	memset(&info, 0, sizeof(info));
	reason = write_conninfo(&info, options, defaults);
	if (reason != NULL)
		*what = one_line("KEEL_DATABASE_URL: ", reason);
	PQconninfoFree(options);
	PQconninfoFree(defaults);
	return (reason == NULL ? info.text : NULL);
}
