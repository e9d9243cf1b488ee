/* SPDX-License-Identifier: ISC */
/* The connections of a worker, as the pool sees them. For src/database only. */

#ifndef DATABASE_SLOTS_H
#define DATABASE_SLOTS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>

#include "database/conn.h"

enum use {
	SPARE,			/* closed, until another one is ENDING */
	UNUSABLE,		/* not ready: down, or connecting */
	IDLE,			/* ready, in the list */
	HELD,			/* a request has it; it may be down */
	ROLLING_BACK,		/* returned with an open transaction */
	ENDING			/* returned with a running statement */
};

/* A connection and its state in the pool. */
struct slot {
	struct db_conn		 conn;		/* first: see slot_of() */
	enum use		 use;
	struct ctx		*holder;	/* NULL unless HELD */
	unsigned		 generation;	/* when it connected */
	/* Not lost since it was renewed, or opened at the start. */
	bool			 renewing;
	bool			 writes;	/* what is ENDING may */
	TAILQ_ENTRY(slot)	 list;		/* in idle */
};

/* Twice as many as the pool has connections: see database_aside.c. */
extern struct slot	*slots;
extern unsigned		 nslots;
extern unsigned		 pool_size;

unsigned	 slots_count(enum use);

/* Connects it. */
void		 slot_connect(struct slot *, uint64_t now);

/* The same for one that works: it is worth to wait for. */
void		 slot_renew(struct slot *);

/* It will be renewed, when no request holds it. */
void		 slot_outdate(struct slot *);

/* Have others taken the places of all that are ENDING? */
bool		 slots_are_complete(void);

/*
 * It is returned by a request, and its statement still runs. Returns a spare
 * one, for the pool to connect in its place, or NULL if none is left.
 */
struct slot	*slot_set_aside(struct slot *, const char *request_id);

/*
 * The statement has ended at last. Returns true if the pool can use the
 * connection again; otherwise, it is closed.
 */
bool		 slot_ended(struct slot *);

/* Closes it: it is a spare one now. */
void		 slot_close(struct slot *);

/*
 * Drops every connection that is ENDING, for example because the pool has moved
 * to another server. What their statements did is not known.
 */
void		 slots_drop_ending(void);

#endif
