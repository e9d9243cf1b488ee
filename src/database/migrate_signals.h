/* SPDX-License-Identifier: ISC */
/* The signals that end ./keel migrate. For src/database only. */

#ifndef DATABASE_MIGRATE_SIGNALS_H
#define DATABASE_MIGRATE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From now on HUP, INT, QUIT and TERM end the process at once, with a line,
 * except those that it was started to ignore (nohup). Returns NULL, or an error
 * message.
 */
const char	*migrate_signals_take(void);

/* From now on they are only noted. */
void		 migrate_signals_hold(void);

/* The first that was noted, or 0; and how many were. */
int		 migrate_signals_noted(void);
unsigned	 migrate_signals_count(void);

/* "SIGTERM" */
const char	*migrate_signals_name(int);

/*
 * Waits until a descriptor is ready (events are poll(2)'s; -1: none is waited
 * for), ms have passed (-1: no limit), or one more signal is noted than
 * `known`. Returns whether the descriptor is ready.
 */
bool		 migrate_signals_wait(int fd, short events, int64_t ms,
		    unsigned known);

#endif
