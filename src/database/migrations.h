/* SPDX-License-Identifier: ISC */
/*
 * The migrations that are compiled in, and what the database has of them. For
 * src/database only; the public functions are in database.h.
 */

#ifndef DATABASE_MIGRATIONS_H
#define DATABASE_MIGRATIONS_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "database/database.h"
#include "product.h"

/*
 * Checks the names of the compiled-in migrations: NNNN_words, from 0001 on and,
 * of a project's own, from 1001 on, without a gap. Before all else here.
 * Returns NULL, or an error message.
 */
const char	*migrations_names(void);

/*
 * Compares the versions and checksums in the migrations table with the
 * compiled-in ones. Returns NULL, or an error message.
 */
const char	*migrations_check(PGconn *);

#define MIGRATIONS_TABLE	PRODUCT_STORED "_migrations"
#define MIGRATIONS_LOCK		"7597416839"	/* an arbitrary constant */
#define MIGRATIONS_CHECKSUM	65

/* Is there the table; and what does it hold? */
#define MIGRATIONS_EXISTS						\
	"SELECT to_regclass('" MIGRATIONS_TABLE "') IS NOT NULL"
#define MIGRATIONS_APPLIED						\
	"SELECT version, checksum FROM " MIGRATIONS_TABLE

/* The end of a line about a right that the role of the server lacks. */
#define MIGRATIONS_RIGHTS						\
	" (grant it to the server's role: see docs/migrations.md)"

#define MIGRATIONS_CREATE						\
	"CREATE TABLE IF NOT EXISTS " MIGRATIONS_TABLE " ("		\
	"version integer PRIMARY KEY, name text NOT NULL, "		\
	"checksum text NOT NULL, "					\
	"applied_at timestamptz NOT NULL DEFAULT now())"

/* The one that is applied next after a version, or NULL. */
const struct migration	*migrations_after(int version);
int			 migrations_version_of(const struct migration *);

void		 migrations_checksum(const struct migration *,
		    char out[static MIGRATIONS_CHECKSUM]);

/*
 * Is it in the result of MIGRATIONS_APPLIED (NULL: there is no table)? A file
 * that has changed since it was applied is an error, too. Returns NULL, or an
 * error message.
 */
const char	*migrations_find(const PGresult *, const struct migration *,
		    bool *applied);

#endif
