/* SPDX-License-Identifier: ISC */
/*
 * Whether the database is as new as this server. For src/database only; what
 * others may ask is in database.h.
 */

#ifndef DATABASE_MIGRATIONS_H
#define DATABASE_MIGRATIONS_H

#include <libpq-fe.h>

/*
 * Compares the versions and checksums that the database has noted with those
 * compiled in. NULL, or a line saying what is wrong.
 */
const char	*migrations_check(PGconn *);

#endif
