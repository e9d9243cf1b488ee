/* SPDX-License-Identifier: ISC */
/* A queue in which networks take turns. */

#ifndef REQUEST_FAIR_QUEUE_H
#define REQUEST_FAIR_QUEUE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Work that waits for its turn, so that nobody who sends much of it holds up
 * those who send little. Networks take turns, and so do the sites within each:
 * an item of a network that has no other waits for one item of each network
 * before it, and not for all that these have. What one network may have waiting
 * is capped. A queue that is full drops the newest item of the site that has
 * most waiting, if the newcomer's has less.
 *
 * Nothing is allocated. A push or pop takes time that grows with the number of
 * items, which is small.
 */

struct fair_item {
	uint64_t		 network, site;		/* whose it is */
	uint64_t		 network_turn, site_turn;
	TAILQ_ENTRY(fair_item)	 list;
};

struct fair_queue {
	TAILQ_HEAD(, fair_item)	 items;		/* as they came */
	unsigned		 length;
	unsigned		 most;		/* items */
	unsigned		 most_each;	/* items of one network */
	uint64_t		 turn;		/* the latest that was given */
};

#define FAIR_QUEUE(queue, all, each)					\
	{ .items = TAILQ_HEAD_INITIALIZER((queue).items), .most = all,	\
	  .most_each = each }

/*
 * Adds an item, whose network and site are set. False when there is no place
 * for it. *dropped becomes the item that had to make room for it, which is in
 * the queue no more; or NULL.
 */
bool			 fair_queue_push(struct fair_queue *,
			    struct fair_item *, struct fair_item **dropped);

/* Takes out the item whose turn it is; NULL when there is none. */
struct fair_item	*fair_queue_pop(struct fair_queue *);

/* Takes out an item that waits. */
void			 fair_queue_remove(struct fair_queue *,
			    struct fair_item *);

#endif
