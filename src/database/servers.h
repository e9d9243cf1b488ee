/* SPDX-License-Identifier: ISC */
/*
 * Where a database URL leads: each of its hosts, with each of its addresses, is
 * a server. The list is in memory that the parent shares with the workers. They
 * cannot look up names, so the parent does. For src/database only; what others
 * need is in database.h.
 */

#ifndef DATABASE_SERVERS_H
#define DATABASE_SERVERS_H

#include "database/conninfo.h"
#include "database/database.h"

#define SERVERS_MAX	32

struct server {
	char	name[SERVER_NAME_SIZE];
	char	conninfo[CONNINFO_SIZE];
};

/* The list, before servers_publish() fills it. NULL: no memory. */
struct servers	*servers_new(void);
void		 servers_free(struct servers *);		/* or NULL */

/*
 * In the parent: replaces the list. If the server that worked last is in the
 * new one, it stays that.
 */
void		 servers_publish(struct servers *, const struct server *,
		    unsigned n);

/*
 * One attempt to connect: servers_next() copies a server, the one that worked
 * last first, until each was tried once. Then, and when the list has changed,
 * it returns false.
 */
struct servers_walk {
	unsigned	 version;
	unsigned	 index;		/* of the server that was copied last */
	unsigned	 left;
};

void		 servers_begin(const struct servers *, struct servers_walk *);
bool		 servers_next(const struct servers *, struct servers_walk *,
		    struct server *);

/* Is there more than one? */
bool		 servers_are_several(const struct servers *);

/*
 * The server of this name works. Returns true if another one did before, or
 * none.
 */
bool		 servers_works(struct servers *, const char *name);

/* Does a server work, and is it another one than this? */
bool		 servers_has_other(const struct servers *, const char *name);

/*
 * The server of this name (NULL: the one that works) takes no writes: the next
 * attempt begins at the one after it, unless another one works. Asks to look up
 * the names, too.
 */
void		 servers_avoid(struct servers *, const char *name);

/* Asks the parent to look up the names again: a connection has failed. */
void		 servers_ask(struct servers *);

/* For the parent: how often that was asked. */
unsigned	 servers_asked(const struct servers *);

#endif
