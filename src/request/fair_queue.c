/* SPDX-License-Identifier: ISC */
/* The fair queue: networks take turns, and so do the sites within each. */

#include <stddef.h>

#include "request/fair_queue.h"

static bool
same_site(const struct fair_item *a, const struct fair_item *b)
{
	return (a->network == b->network && a->site == b->site);
}

static unsigned
count_network(const struct fair_queue *q, const struct fair_item *of)
{
	const struct fair_item	*i;
	unsigned		 n = 0;

	TAILQ_FOREACH(i, &q->items, list)
		n += i->network == of->network;
	return (n);
}

static unsigned
count_site(const struct fair_queue *q, const struct fair_item *of)
{
	const struct fair_item	*i;
	unsigned		 n = 0;

	TAILQ_FOREACH(i, &q->items, list)
		n += same_site(i, of);
	return (n);
}

/*
 * The newest item of the site with the most items, in the network with the most
 * items or, if `in` is set, in its network. NULL if there is none.
 */
static struct fair_item *
find_heaviest(const struct fair_queue *q, const struct fair_item *in)
{
	struct fair_item	*i, *found = NULL;
	unsigned		 network, site, network_most = 0, site_most = 0;

	TAILQ_FOREACH(i, &q->items, list) {
		if (in != NULL && i->network != in->network)
			continue;
		network = count_network(q, i);
		site = count_site(q, i);
		if (network < network_most ||
		    (network == network_most && site < site_most))
			continue;
		network_most = network;
		site_most = site;
		found = i;
	}
	return (found);
}

/*
 * With the newcomer added, does its network (or, in the same network, its site)
 * have fewer items than the other's?
 */
static bool
is_lighter(const struct fair_queue *q, const struct fair_item *newcomer,
    const struct fair_item *than)
{
	if (newcomer->network == than->network)
		return (count_site(q, newcomer) + 1 < count_site(q, than));
	return (count_network(q, newcomer) + 1 < count_network(q, than));
}

static bool
make_room(struct fair_queue *q, const struct fair_item *newcomer,
    struct fair_item **dropped)
{
	bool			 capped;
	struct fair_item	*heaviest;

	*dropped = NULL;
	capped = count_network(q, newcomer) >= q->most_each;
	if (!capped && q->length < q->most)
		return (true);
	heaviest = find_heaviest(q, capped ? newcomer : NULL);
	if (heaviest == NULL || !is_lighter(q, newcomer, heaviest))
		return (false);
	fair_queue_remove(q, heaviest);
	*dropped = heaviest;
	return (true);
}

/* An item gets the turn of its network's or site's waiting items. */
bool
fair_queue_push(struct fair_queue *q, struct fair_item *item,
    struct fair_item **dropped)
{
	const struct fair_item	*i;

	if (!make_room(q, item, dropped))
		return (false);
	item->network_turn = item->site_turn = ++q->turn;
	TAILQ_FOREACH(i, &q->items, list) {
		if (i->network == item->network)
			item->network_turn = i->network_turn;
		if (same_site(i, item))
			item->site_turn = i->site_turn;
	}
	TAILQ_INSERT_TAIL(&q->items, item, list);
	q->length++;
	return (true);
}

static bool
is_before(const struct fair_item *a, const struct fair_item *b)
{
	if (a->network_turn != b->network_turn)
		return (a->network_turn < b->network_turn);
	return (a->site_turn < b->site_turn);
}

/* Moves the waiting items of the same network and site behind all others. */
static void
end_turn(struct fair_queue *q, const struct fair_item *served)
{
	struct fair_item	*i;

	q->turn++;
	TAILQ_FOREACH(i, &q->items, list) {
		if (i->network == served->network)
			i->network_turn = q->turn;
		if (same_site(i, served))
			i->site_turn = q->turn;
	}
}

struct fair_item *
fair_queue_pop(struct fair_queue *q)
{
	struct fair_item	*i, *first = TAILQ_FIRST(&q->items);

	if (first == NULL)
		return (NULL);
	TAILQ_FOREACH(i, &q->items, list) {
		if (is_before(i, first))
			first = i;
	}
	fair_queue_remove(q, first);
	end_turn(q, first);
	return (first);
}

void
fair_queue_remove(struct fair_queue *q, struct fair_item *item)
{
	TAILQ_REMOVE(&q->items, item, list);
	q->length--;
}
