/* SPDX-License-Identifier: ISC */
/*
 * Migrations: SQL files compiled in by MIGRATION(NNNN_name). They are applied
 * in order (migrate_run.c), and recorded in a table with their checksums.
 *
 * There are two series of numbers. A project's own begin at 1001, so that it
 * can merge a later migration of the original, which has the next number of
 * the first series, 0001 to 0999. A database that has the project's already
 * gets that one, too: each that is missing is applied.
 */

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/register.h"
#include "database/database.h"
#include "database/migrations.h"
#include "product.h"
#include "utils/hex.h"
#include "utils/start_error.h"

REGISTERED(const struct migration, migrations);

struct series {
	int		 first, last;
	const char	*whose;
};

static const struct series	original = { 1, 999, "the" };
static const struct series	own = { 1001, 9999, "a project's own" };

static int
version_of(const struct migration *m)
{
	return (atoi(m->name));
}

int
migrations_version_of(const struct migration *m)
{
	return (version_of(m));
}

/* The highest number of a series, or 0. */
static int
highest_of(const struct series *s)
{
	const struct migration	*const *m;
	int			 highest = 0;

	EACH_REGISTERED(m, migrations) {
		if (version_of(*m) >= s->first && version_of(*m) <= s->last &&
		    version_of(*m) > highest)
			highest = version_of(*m);
	}
	return (highest);
}

int
migrations_version(void)
{
	return (highest_of(&original));
}

int
migrations_own_version(void)
{
	return (highest_of(&own));
}

/* There is one of each version: see migrations_names(). */
static const struct migration *
find_migration(int version)
{
	const struct migration	*const *m;

	EACH_REGISTERED(m, migrations) {
		if (version_of(*m) == version)
			return (*m);
	}
	return (NULL);
}

const struct migration *
migrations_after(int version)
{
	const struct migration	*const *m, *next = NULL;

	EACH_REGISTERED(m, migrations) {
		if (version_of(*m) > version &&
		    (next == NULL || version_of(*m) < version_of(next)))
			next = *m;
	}
	return (next);
}

/* A number of neither is meant for a project's own. */
static const struct series *
series_of(const struct migration *m)
{
	bool	 is_original = version_of(m) >= original.first &&
		    version_of(m) <= original.last;

	return (is_original ? &original : &own);
}

/* The number that a new one would get. */
static int
next_version(const struct series *s)
{
	int	 highest = highest_of(s);

	return (highest == 0 ? s->first : highest + 1);
}

/* Is it NNNN_words, with a number of a series? */
static bool
is_well_named(const struct migration *m)
{
	return (strspn(m->name, "0123456789") == 4 && m->name[4] == '_' &&
	    m->name[5] != '\0' && version_of(m) >= series_of(m)->first);
}

static const char *
check_name(const struct migration *m)
{
	const struct migration	*same = find_migration(version_of(m));
	const char		*words = m->name +
				    strspn(m->name, "0123456789_");
	int			 next = next_version(series_of(m));

	if (!is_well_named(m))
		return (start_error("sql/migrations/%s.sql: a migration's "
		    "name is four digits and words: %04d_%s", m->name, next,
		    *words != '\0' ? words : "words"));
	if (same != m)
		return (start_error("sql/migrations/%s.sql has the number of "
		    "%s.sql: give the newer one the number %04d%s", m->name,
		    same->name, next, series_of(m) == &original ?
		    " (those of a project of its own begin at 1001)" : ""));
	if (m->step != NULL && m->no_transaction)
		return (start_error("%s has .step and .no_transaction: a step "
		    "runs in the transaction of its file, so make two "
		    "migrations", m->name));
	return (NULL);
}

static const char *
find_gap(const struct series *s)
{
	int	 version;

	for (version = s->first; version < highest_of(s); version++) {
		if (find_migration(version) == NULL)
			return (start_error("sql/migrations has no %04d: %s "
			    "numbers go from %04d to %04d without a gap",
			    version, s->whose, s->first, highest_of(s)));
	}
	return (NULL);
}

const char *
migrations_names(void)
{
	const struct migration	*const *m;
	const char		*problem = NULL;

	for (m = __start_registered_migrations; problem == NULL &&
	    m < __stop_registered_migrations; m++)
		problem = check_name(*m);
	if (problem == NULL)
		problem = find_gap(&original);
	return (problem != NULL ? problem : find_gap(&own));
}

void
migrations_checksum(const struct migration *m,
    char out[static MIGRATIONS_CHECKSUM])
{
	unsigned char	 digest[32];

	memset(digest, 0, sizeof(digest));
	EVP_Digest(m->sql, strlen(m->sql), digest, NULL, EVP_sha256(), NULL);
	hex_text(out, digest, sizeof(digest));
}

const char *
migrations_find(const PGresult *r, const struct migration *m, bool *applied)
{
	char	 sum[MIGRATIONS_CHECKSUM];
	int	 row, n = r != NULL ? PQntuples(r) : 0;

	for (row = 0; row < n; row++) {
		if (atoi(PQgetvalue(r, row, 0)) == version_of(m))
			break;
	}
	*applied = row < n;
	migrations_checksum(m, sum);
	if (*applied && strcmp(PQgetvalue(r, row, 1), sum) != 0)
		return (start_error("sql/migrations/%s.sql is not the file "
		    "that was applied to this database", m->name));
	return (NULL);
}

static PGresult *
read_rows(PGconn *db, const char *sql, const char **problem)
{
	PGresult	*r = PQexec(db, sql);
	const char	*state;

	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		return (r);
	state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	*problem = start_error("database: %s%s", PQresultErrorMessage(r),
	    state != NULL && strcmp(state, "42501") == 0 ?
	    MIGRATIONS_RIGHTS : "");
	PQclear(r);
	return (NULL);
}

/* *r is NULL if there is no table. */
static const char *
read_applied(PGconn *db, PGresult **r)
{
	const char	*problem = NULL;
	bool		 exists;

	if ((*r = read_rows(db, MIGRATIONS_EXISTS, &problem)) == NULL)
		return (problem);
	exists = PQgetvalue(*r, 0, 0)[0] == 't';
	PQclear(*r);
	*r = exists ? read_rows(db, MIGRATIONS_APPLIED, &problem) : NULL;
	return (problem);
}

const char *
migrations_check(PGconn *db)
{
	const struct migration	*m;
	const char		*problem;
	PGresult		*r;
	bool			 applied;

	if ((problem = read_applied(db, &r)) != NULL)
		return (problem);
	for (m = migrations_after(0); m != NULL && problem == NULL;
	    m = migrations_after(version_of(m))) {
		problem = migrations_find(r, m, &applied);
		if (problem == NULL && !applied)
			problem = start_error("the database is older than "
			    "this server: migration %s is not applied (run "
			    "./keel migrate)", m->name);
	}
	PQclear(r);
	return (problem);
}
