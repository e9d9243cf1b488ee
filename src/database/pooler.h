/* SPDX-License-Identifier: ISC */
/*
 * Is a connection pooler between us and PostgreSQL, and does it keep a session
 * for a connection? For src/database only; it blocks.
 */

#ifndef DATABASE_POOLER_H
#define DATABASE_POOLER_H

#include <libpq-fe.h>

/*
 * For a connection through a pooler (session_is_pooled()), at its start. Opens
 * a second one for some milliseconds. Returns NULL, or why Keel cannot work
 * there: without the setting's name, in static memory. If the pooler has no
 * second session to give, *warning says so, and NULL is returned.
 */
const char	*pooler_check(PGconn *, const char **warning);

#endif
