/* SPDX-License-Identifier: ISC */
/*
 * Migrations: SQL files compiled in by MIGRATION(NNNN_name), applied in order,
 * one transaction each, under an advisory lock, remembered with a checksum.
 */

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/register.h"
#include "database/database.h"
#include "database/sync.h"
#include "product.h"

#define MIGRATIONS_MAX	1000
#define CHECKSUM_TEXT	65
#define LOCK_ID		"7597416839"	/* any constant of our own */

REGISTERED(const struct migration, migrations);

static char	problem[512];

static int
version_of(const struct migration *m)
{
	return (atoi(m->name));
}

int
migrations_version(void)
{
	const struct migration	*const *m;
	int			 highest = 0;

	EACH_REGISTERED(m, migrations) {
		if (version_of(*m) > highest)
			highest = version_of(*m);
	}
	return (highest);
}

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

static void
checksum(const struct migration *m, char out[static CHECKSUM_TEXT])
{
	unsigned char	 digest[32];
	size_t		 i;

	memset(digest, 0, sizeof(digest));
	EVP_Digest(m->sql, strlen(m->sql), digest, NULL, EVP_sha256(), NULL);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* 1 applied, 0 not, -1 cannot say or changed since: problem is set. */
static int
is_applied(PGconn *db, const struct migration *m)
{
	static const char	 sql[] =
	    "SELECT checksum FROM " PRODUCT "_migrations WHERE version = $1";
	char			 version[16], sum[CHECKSUM_TEXT];
	const char		*params[] = { version };
	PGresult		*r;
	int			 state;

	snprintf(version, sizeof(version), "%d", version_of(m));
	if ((r = sync_run(db, sql, params, 1)) == NULL) {
		snprintf(problem, sizeof(problem), "%s", sync_error(db));
		return (-1);
	}
	state = PQntuples(r);
	checksum(m, sum);
	if (state == 1 && strcmp(PQgetvalue(r, 0, 0), sum) != 0) {
		snprintf(problem, sizeof(problem), "sql/migrations/%s.sql is "
		    "not the file that was applied to this database", m->name);
		state = -1;
	}
	PQclear(r);
	return (state);
}

static int
has_table(PGconn *db)
{
	PGresult	*r;
	int		 exists;

	r = sync_run(db, "SELECT to_regclass('" PRODUCT "_migrations') "
	    "IS NOT NULL", NULL, 0);
	if (r == NULL) {
		snprintf(problem, sizeof(problem), "%s", sync_error(db));
		return (-1);
	}
	exists = PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return (exists);
}

static const char *
gap(int version)
{
	snprintf(problem, sizeof(problem),
	    "sql/migrations has no version %d", version);
	return (problem);
}

const char *
migrations_check(PGconn *db)
{
	const struct migration	*m;
	int			 version, state;

	if ((state = has_table(db)) == -1)
		return (problem);
	for (version = 1; version <= migrations_version(); version++) {
		if ((m = find_migration(version)) == NULL)
			return (gap(version));
		if (state != 0)
			state = is_applied(db, m);
		if (state == -1)
			return (problem);
		if (state == 0) {
			snprintf(problem, sizeof(problem), "the database is "
			    "older than this server: migration %s is not "
			    "applied (run ./" PRODUCT " migrate)", m->name);
			return (problem);
		}
	}
	return (NULL);
}

static const char *
exec(PGconn *db, const char *sql, const char *const *params, int n)
{
	PGresult	*r;

	if ((r = sync_run(db, sql, params, n)) == NULL)
		return (sync_error(db));
	PQclear(r);
	return (NULL);
}

static const char *
apply(PGconn *db, const struct migration *m)
{
	static const char	 remember[] = "INSERT INTO " PRODUCT
				    "_migrations (version, name, checksum) "
				    "VALUES ($1, $2, $3)";
	char			 version[16], sum[CHECKSUM_TEXT];
	const char		*params[] = { version, m->name, sum };
	const char		*what;

	snprintf(version, sizeof(version), "%d", version_of(m));
	checksum(m, sum);
	if ((what = exec(db, "BEGIN", NULL, 0)) == NULL &&
	    (what = exec(db, m->sql, NULL, 0)) == NULL &&
	    (what = exec(db, remember, params, 3)) == NULL)
		return (exec(db, "COMMIT", NULL, 0));
	snprintf(problem, sizeof(problem), "sql/migrations/%s.sql: %s",
	    m->name, what);
	return (problem);
}

static const char *
run_all(PGconn *db, bool dry_run, bool table)
{
	const struct migration	*m;
	const char		*what;
	int			 version, state, count = 0;

	for (version = 1; version <= migrations_version(); version++) {
		if ((m = find_migration(version)) == NULL)
			return (gap(version));
		state = table ? is_applied(db, m) : 0;
		if (state == -1)
			return (problem);
		if (state == 1)
			continue;
		printf(PRODUCT ": %s %s\n",
		    dry_run ? "would apply" : "applying",
		    m->name);
		count++;
		if (!dry_run && (what = apply(db, m)) != NULL)
			return (what);
	}
	if (count == 0)
		printf(PRODUCT ": the database is up to date (version %d)\n",
		    migrations_version());
	return (NULL);
}

const char *
migrations_run(bool dry_run)
{
	static const char	 create[] =
	    "CREATE TABLE IF NOT EXISTS " PRODUCT "_migrations ("
	    "version integer PRIMARY KEY, name text NOT NULL, "
	    "checksum text NOT NULL, "
	    "applied_at timestamptz NOT NULL DEFAULT now())";
	const char		*what;
	PGconn			*db;
	int			 table;

	if ((db = sync_connect(&what)) == NULL)
		return (what);
	/* The lock goes with the connection. A migration may take long. */
	if ((what = exec(db, "SET statement_timeout = 0", NULL, 0)) == NULL &&
	    (what = exec(db, "SET client_min_messages = warning", NULL, 0)) ==
	    NULL &&
	    (what = exec(db, "SELECT pg_advisory_lock(" LOCK_ID ")", NULL,
	    0)) == NULL && !dry_run)
		what = exec(db, create, NULL, 0);
	if (what == NULL) {
		table = has_table(db);
		what = table == -1 ? problem : run_all(db, dry_run, table);
	}
	PQfinish(db);
	return (what);
}
