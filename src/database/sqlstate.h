/* SPDX-License-Identifier: ISC */
/* Errors of PostgreSQL, by their SQLSTATE. For src/database only. */

#ifndef DATABASE_SQLSTATE_H
#define DATABASE_SQLSTATE_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "database/query.h"
#include "request/ctx.h"

/* A migration has made a prepared statement invalid. */
bool	sqlstate_is_stale(const char *state);

/* The server is read-only: a standby, or a demoted primary. */
bool	sqlstate_is_read_only(const char *state);

/*
 * Raises the error for a result that is one. The database's message goes to the
 * log, never to the client. query is NULL for a statement of a transaction.
 */
void	raise_sqlstate(struct ctx *, const struct query *, const PGresult *)
	    __attribute__((noreturn));

#endif
