/* SPDX-License-Identifier: ISC */
/*
 * What the two files of a connection need of each other: database_conn.c and
 * database_connect.c.
 */

#ifndef DATABASE_CONN_STEPS_H
#define DATABASE_CONN_STEPS_H

#include "database/conn.h"

/* In database_connect.c. */

/* Connects to the next server. Returns false if none is left. */
bool	 conn_to_next(struct db_conn *, uint64_t now);

/* The next step of connecting: the socket is ready. */
void	 conn_poll(struct db_conn *);

/* A result of what prepares the connection, or NULL; it is cleared. */
void	 conn_prepared(struct db_conn *, PGresult *);

/* In database_conn.c. */

/* Asks Kore's loop for these events of the socket. */
void	 conn_watch(struct db_conn *, int events);

/* Logs why it was lost, or cannot connect, and asks for new addresses. */
void	 conn_failed(const struct db_conn *, const char *why);

/* A statement is on its way. queued is the return value of PQsend...(). */
void	 conn_start(struct db_conn *, int queued);

#endif
