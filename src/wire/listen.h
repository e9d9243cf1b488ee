/* SPDX-License-Identifier: ISC */
/* The addresses that the servers of kore.conf listen on. */

#ifndef WIRE_LISTEN_H
#define WIRE_LISTEN_H

/*
 * In the parent: makes a server of kore.conf listen on an IP address and port,
 * or, if `host` is a path, on a socket there, which its owner and its group may
 * use. Returns NULL or an error message.
 */
const char	*listen_on(const char *server, const char *host,
		    const char *port);

/* In the parent, at its end: removes the socket. */
void		 listen_end(void);

#endif
