/* SPDX-License-Identifier: ISC */
/* Whose turn it is: network by network, and site by site within one. */

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
 * The newest item of the site that has most waiting, in the network that has
 * most; or in that one network. NULL when it has none.
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

/* Would the newcomer still have less waiting than that one has? */
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

/* A network or site that has items waiting goes on in its place. */
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

/* What its network and site have waiting comes behind all others now. */
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
