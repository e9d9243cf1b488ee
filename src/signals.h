/* SPDX-License-Identifier: ISC */
/* What the signals do to the server's processes. */

#ifndef SRC_SIGNALS_H
#define SRC_SIGNALS_H

#include <stdbool.h>

/*
 * In the parent: SIGTERM, SIGINT and SIGQUIT drain the server (drain.h), also
 * before it is ready; a second one of these stops it at once. No signal reaches
 * Kore's own handler, which would drop every request, reload the module on
 * SIGHUP, and make the key manager read its files on SIGUSR1.
 *
 * Workers obey the parent only: a terminal sends Ctrl-C to all processes.
 */

/* In the parent, before the fork. Returns NULL or an error message. */
const char	*signals_init(void);

/* In a command: the signal to end that Kore has noted before, or 0. */
int		 signals_noted(void);

/* In the parent, twice a second: has a child ended without Kore's notice? */
void		 signals_watch(void);

/*
 * In the parent, when Kore's loop has ended: did the server end by itself? Then
 * its exit status must say so, which Kore's never does.
 */
bool		 signals_gave_up(void);

/* In a worker, from kore_worker_configure(). */
void		 signals_worker_init(void);

#endif
