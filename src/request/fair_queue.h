/* SPDX-License-Identifier: ISC */
/* A queue in which networks take turns. */

#ifndef REQUEST_FAIR_QUEUE_H
#define REQUEST_FAIR_QUEUE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * A client that sends much work must not hold up clients that send little.
 * Networks take turns, and so do the sites within each network: the only item
 * of a network waits for at most one item of each other network. One network
 * may have only so many items in the queue. A full queue drops the newest item
 * of the site with the most items, if the new item's network or site has fewer.
 *
 * Nothing is allocated. The time of a push or pop grows with the number of
 * items, which is small.
 */

struct fair_item {
	uint64_t		 network, site;		/* of the client */
	uint64_t		 network_turn, site_turn;
	TAILQ_ENTRY(fair_item)	 list;
};

struct fair_queue {
	TAILQ_HEAD(, fair_item)	 items;		/* in order of arrival */
	unsigned		 length;
	unsigned		 most;		/* items */
	unsigned		 most_each;	/* items of one network */
	uint64_t		 turn;		/* the last one assigned */
};

#define FAIR_QUEUE(queue, all, each)					\
	{ .items = TAILQ_HEAD_INITIALIZER((queue).items), .most = all,	\
	  .most_each = each }

/*
 * Adds an item; the caller has set its network and site. False if there is no
 * room for it. *dropped is the item that was removed to make room, or NULL.
 */
bool			 fair_queue_push(struct fair_queue *,
			    struct fair_item *, struct fair_item **dropped);

/* Removes and returns the item whose turn it is; NULL if there is none. */
struct fair_item	*fair_queue_pop(struct fair_queue *);

/* Removes an item that is in the queue. */
void			 fair_queue_remove(struct fair_queue *,
			    struct fair_item *);

#endif
