/* SPDX-License-Identifier: ISC */
/* The addresses that the servers of kore.conf listen on. */

#ifndef WIRE_LISTEN_H
#define WIRE_LISTEN_H

#include <stdbool.h>

struct listener;

/*
 * In the parent: makes a server of kore.conf listen on an IP address and port,
 * or, if `host` is a path, on a socket there, which its owner and its group may
 * use. Returns NULL or an error message.
 */
const char	*listen_on(const char *server, const char *host,
		    const char *port);

/* Was the listener's socket given to this server by another process? */
bool		 listen_was_given(const struct listener *);

/* In the parent, at its end: removes the socket. */
void		 listen_end(void);

#endif
