/* SPDX-License-Identifier: ISC */
/*
 * The sockets that a service manager gives the server, which then binds none of
 * its own. The protocol is that of sd_listen_fds(3).
 */

#ifndef WIRE_GIVEN_H
#define WIRE_GIVEN_H

#include <sys/un.h>

#include <stdbool.h>

#define GIVEN_FIRST	3	/* the first descriptor */

/* What a socket is for. */
enum given_use { GIVEN_API, GIVEN_ADMIN, GIVEN_USES };

struct given {
	int	 fd;		/* -1: none was given */
	int	 family;

	/*
	 * The address that it has. A path of a Unix socket, or the name of an
	 * abstract one after an @; then the port is empty.
	 */
	char	 host[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2];
	char	 port[6];
};

/*
 * In the parent, before the settings are read: takes the sockets that
 * LISTEN_FDS gives this process (LISTEN_PID), checks them, and removes LISTEN_*
 * from the environment. Tells wire_settings about them. Returns NULL, also if
 * there are none, or an error message.
 */
const char	*given_take(void);

/* The socket for this use, or NULL if none was given. */
const struct given	*given_for(enum given_use);

/*
 * Sorts the descriptors by use: LISTEN_FDS says how many there are, and
 * LISTEN_FDNAMES, which may be NULL, has their names. `fds` gets -1 for a use
 * that has none. Returns NULL or an error message.
 */
const char	*given_sort(const char *count, const char *names,
		    int fds[static GIVEN_USES]);

/*
 * Looks at a descriptor that is for this use. Returns NULL or an error message.
 */
const char	*given_look(int fd, enum given_use, struct given *);

#endif
