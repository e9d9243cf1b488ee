/* SPDX-License-Identifier: ISC */
/*
 * Checks that the database has every migration of this server. For src/database
 * only; the public functions are in database.h.
 */

#ifndef DATABASE_MIGRATIONS_H
#define DATABASE_MIGRATIONS_H

#include <libpq-fe.h>

/*
 * Compares the versions and checksums in the migrations table with the
 * compiled-in ones. Returns NULL, or an error message.
 */
const char	*migrations_check(PGconn *);

#endif
