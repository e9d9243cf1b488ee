/* SPDX-License-Identifier: ISC */
/*
 * Migrations: SQL files compiled in by MIGRATION(NNNN_name). They are applied
 * in order, each in a transaction, under an advisory lock, and recorded in a
 * table with their checksums.
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
#include "database/sync.h"
#include "product.h"
#include "utils/hex.h"
#include "utils/start_error.h"

#define CHECKSUM_TEXT	65
#define LOCK_ID		"7597416839"	/* an arbitrary constant */

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

/* The one that is applied next after a version, or NULL. */
static const struct migration *
migration_after(int version)
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

static void
checksum(const struct migration *m, char out[static CHECKSUM_TEXT])
{
	unsigned char	 digest[32];

	memset(digest, 0, sizeof(digest));
	EVP_Digest(m->sql, strlen(m->sql), digest, NULL, EVP_sha256(), NULL);
	hex_text(out, digest, sizeof(digest));
}

/* A file that has changed since it was applied is an error, too. */
static const char *
find_applied(PGconn *db, const struct migration *m, bool *applied)
{
	static const char	 sql[] =
	    "SELECT checksum FROM " PRODUCT_STORED "_migrations "
	    "WHERE version = $1";
	char			 version[16], sum[CHECKSUM_TEXT];
	const char		*params[] = { version };
	const char		*problem = NULL;
	PGresult		*r;

	snprintf(version, sizeof(version), "%d", version_of(m));
	if ((r = sync_run(db, sql, params, 1)) == NULL)
		return (sync_error(db));
	*applied = PQntuples(r) == 1;
	checksum(m, sum);
	if (*applied && strcmp(PQgetvalue(r, 0, 0), sum) != 0)
		problem = start_error("sql/migrations/%s.sql is not the file "
		    "that was applied to this database", m->name);
	PQclear(r);
	return (problem);
}

static const char *
find_table(PGconn *db, bool *exists)
{
	PGresult	*r;

	r = sync_run(db,
	    "SELECT to_regclass('" PRODUCT_STORED "_migrations') IS NOT NULL",
	    NULL, 0);
	if (r == NULL)
		return (sync_error(db));
	*exists = PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return (NULL);
}

const char *
migrations_check(PGconn *db)
{
	const struct migration	*m;
	const char		*problem;
	bool			 applied;

	if ((problem = find_table(db, &applied)) != NULL)
		return (problem);
	for (m = migration_after(0); m != NULL;
	    m = migration_after(version_of(m))) {
		if (applied && (problem = find_applied(db, m, &applied))
		    != NULL)
			return (problem);
		if (!applied)
			return (start_error("the database is older than this "
			    "server: migration %s is not applied "
			    "(run ./keel migrate)", m->name));
	}
	return (NULL);
}

static bool
execute(PGconn *db, const char *sql, const char *const *params, int n)
{
	PGresult	*r = sync_run(db, sql, params, n);
	bool		 done = r != NULL;

	PQclear(r);
	return (done);
}

static const char *
apply_migration(PGconn *db, const struct migration *m)
{
	static const char	 remember[] = "INSERT INTO " PRODUCT_STORED
				    "_migrations (version, name, checksum) "
				    "VALUES ($1, $2, $3)";
	char			 version[16], sum[CHECKSUM_TEXT];
	const char		*params[] = { version, m->name, sum };

	snprintf(version, sizeof(version), "%d", version_of(m));
	checksum(m, sum);
	if (!execute(db, "BEGIN", NULL, 0) || !execute(db, m->sql, NULL, 0) ||
	    !execute(db, remember, params, 3))
		return (start_error("sql/migrations/%s.sql: database: %s",
		    m->name, PQerrorMessage(db)));
	return (execute(db, "COMMIT", NULL, 0) ? NULL : sync_error(db));
}

static void
print_up_to_date(void)
{
	printf(PRODUCT ": the database is up to date (version %d",
	    migrations_version());
	if (migrations_own_version() != 0)
		printf(", and %d of its own", migrations_own_version());
	printf(")\n");
}

static const char *
apply_missing(PGconn *db, bool dry_run, bool has_table)
{
	const struct migration	*m;
	const char		*problem;
	bool			 applied = false;
	int			 count = 0;

	for (m = migration_after(0); m != NULL;
	    m = migration_after(version_of(m))) {
		if (has_table && (problem = find_applied(db, m, &applied))
		    != NULL)
			return (problem);
		if (applied)
			continue;
		printf(PRODUCT ": %s %s\n",
		    dry_run ? "would apply" : "applying",
		    m->name);
		count++;
		if (!dry_run && (problem = apply_migration(db, m)) != NULL)
			return (problem);
	}
	if (count == 0)
		print_up_to_date();
	return (NULL);
}

const char *
migrations_run(bool dry_run)
{
	static const char	 create[] =
	    "CREATE TABLE IF NOT EXISTS " PRODUCT_STORED "_migrations ("
	    "version integer PRIMARY KEY, name text NOT NULL, "
	    "checksum text NOT NULL, "
	    "applied_at timestamptz NOT NULL DEFAULT now())";
	const char		*problem;
	PGconn			*db;
	bool			 has_table;

	if ((db = sync_connect(&problem)) == NULL)
		return (problem);
	/* Closing the connection frees the lock. A migration may be slow. */
	if (!execute(db, "SET statement_timeout = 0", NULL, 0) ||
	    !execute(db, "SET client_min_messages = warning", NULL, 0) ||
	    !execute(db, "SELECT pg_advisory_lock(" LOCK_ID ")", NULL, 0) ||
	    (!dry_run && !execute(db, create, NULL, 0)))
		problem = sync_error(db);
	else if ((problem = find_table(db, &has_table)) == NULL)
		problem = apply_missing(db, dry_run, has_table);
	PQfinish(db);
	return (problem);
}
