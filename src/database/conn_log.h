/* SPDX-License-Identifier: ISC */
/* What a connection logs. For database_conn.c only. */

#ifndef DATABASE_CONN_LOG_H
#define DATABASE_CONN_LOG_H

#include "database/conn.h"

/* Why it was lost, or cannot connect. */
void	conn_log_failure(const struct db_conn *, const char *why);

/*
 * For PQsetNoticeReceiver(), with the connection: without it, libpq writes the
 * text to standard error. The one that tells of a commit which the synchronous
 * standby may lack sets conn->unreplicated.
 */
void	conn_log_notice(void *conn, const PGresult *notice);

#endif
