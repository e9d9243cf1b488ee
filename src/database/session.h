/* SPDX-License-Identifier: ISC */
/*
 * The settings of a session. The first statement of every connection sets them,
 * and what came back is checked. For src/database only.
 */

#ifndef DATABASE_SESSION_H
#define DATABASE_SESSION_H

#include <stdbool.h>

#include <libpq-fe.h>

/*
 * The statement, in static memory. It takes no parameters, and can be sent in a
 * pipeline or alone.
 */
const char	*session_sql(void);

/*
 * Are the settings as we need them? session_check_set() reads the statement's
 * result; session_check_reported() what the server has reported of itself, when
 * the statement or its pipeline has ended. Each returns NULL, or what is wrong,
 * in one line without a newline, in static memory.
 */
const char	*session_check_set(const PGresult *);
const char	*session_check_reported(const PGconn *);

/*
 * What is wrong when a statement has failed that a new session must take: the
 * server's message, or that the session is not new.
 */
const char	*session_failed(const PGresult *);

/*
 * Of the statement's result: is the server process another one than the
 * connection's? Then a pooler is in between.
 */
bool		 session_is_pooled(const PGconn *, const PGresult *);

#endif
