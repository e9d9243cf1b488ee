/* SPDX-License-Identifier: ISC */
/* The addresses that the servers of kore.conf listen on. */

#ifndef WIRE_LISTEN_H
#define WIRE_LISTEN_H

#include <stdbool.h>

struct listener;

/*
 * In the parent: makes a server of kore.conf listen on the socket that was
 * given for it (wire/given.h). Without one, on an IP address and port, or, if
 * `host` is a path, on a socket there, which its owner and its group may use.
 * Returns NULL or an error message.
 */
const char	*listen_on(const char *server, const char *host,
		    const char *port);

/*
 * Was its socket given? Then others hold it, too: it must be neither shut down
 * nor removed.
 */
bool		 listen_was_given(const struct listener *);

/* In the parent, at its end: removes the socket that it has made. */
void		 listen_end(void);

#endif
