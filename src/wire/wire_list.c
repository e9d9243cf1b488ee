/* SPDX-License-Identifier: ISC */
/*
 * All connections of this worker: which of them have more to do, and which one
 * is closed to make room.
 */

#include "base/metrics.h"
#include "coro/loop.h"
#include "wire/wire_conn.h"

#define UNREAD_MS	2000	/* then an unread response is evictable */
#define LARGE_MS	2000	/* then a large body that still comes in is */

struct wire_limits	wire_limits;

static LIST_HEAD(, wire)	all = LIST_HEAD_INITIALIZER(all);
static TAILQ_HEAD(, wire)	ready = TAILQ_HEAD_INITIALIZER(ready);
static unsigned			nwires, nready;

void
wire_phase_set(struct wire *w, enum wire_phase phase)
{
	w->phase = phase;
	w->since = kore_time_ms();
}

void
wire_later(struct wire *w)
{
	if (w->ready)
		return;
	w->ready = true;
	nready++;
	TAILQ_INSERT_TAIL(&ready, w, readylist);
	loop_schedule();
}

static void
not_ready(struct wire *w)
{
	if (!w->ready)
		return;
	w->ready = false;
	nready--;
	TAILQ_REMOVE(&ready, w, readylist);
}

struct wire *
wire_next_ready(void)
{
	struct wire	*w = TAILQ_FIRST(&ready);

	if (w != NULL)
		not_ready(w);
	return (w);
}

unsigned
wire_count_ready(void)
{
	return (nready);
}

void
wire_list_add(struct wire *w)
{
	LIST_INSERT_HEAD(&all, w, all);
	nwires++;
}

void
wire_list_remove(struct wire *w)
{
	not_ready(w);
	LIST_REMOVE(w, all);
	nwires--;
}

struct wire *
wire_first(void)
{
	return (LIST_FIRST(&all));
}

unsigned
wire_count(void)
{
	return (nwires);
}

static bool
is_large(const struct wire *w)
{
	return (w->request != NULL && w->request->is_large);
}

/*
 * A request that is being handled is never evicted. A response that the client
 * does not read counts as handled after UNREAD_MS.
 */
static bool
is_evictable(const struct wire *w, enum wire_whom whom, uint64_t now)
{
	switch (w->phase) {
	case WIRE_HEAD:
	case WIRE_BODY:
		if (whom == WIRE_A_LARGE_SENDER)
			return (is_large(w) && now >= w->since + LARGE_MS);
		return (whom == WIRE_ANYONE || w->len > 0 ||
		    w->request != NULL);
	case WIRE_HANDLING:
		return (false);
	case WIRE_SENDING:
		return (whom == WIRE_ANYONE && now >= w->since + UNREAD_MS);
	default:
		return (whom == WIRE_ANYONE);
	}
}

bool
wire_evict(const struct wire *except, enum wire_whom whom)
{
	struct wire	*w, *oldest = NULL;
	uint64_t	 now = kore_time_ms();

	LIST_FOREACH(w, &all, all) {
		if (w != except && is_evictable(w, whom, now) &&
		    (oldest == NULL || w->since < oldest->since))
			oldest = w;
	}
	if (oldest == NULL)
		return (false);
	metrics->total.connections_evicted++;
	kore_connection_disconnect(oldest->conn);
	return (true);
}

/* Empty lines are no request (RFC 9112, 2.2). */
bool
wire_has_next(const struct wire *w)
{
	size_t	 i;

	for (i = 0; i < w->len; i++) {
		if (w->in[i] != '\r' && w->in[i] != '\n')
			return (true);
	}
	return (false);
}

/* Has it been read, at least the beginning of it? Then it gets a response. */
bool
wire_has_request(const struct wire *w)
{
	switch (w->phase) {
	case WIRE_HEAD:
	case WIRE_IDLE:
		return (wire_has_next(w));
	case WIRE_BODY:
	case WIRE_HANDLING:
	case WIRE_SENDING:
		return (true);
	default:
		return (false);
	}
}

unsigned
wire_count_requests(void)
{
	struct wire	*w;
	unsigned	 n = 0;

	for (w = wire_first(); w != NULL; w = LIST_NEXT(w, all))
		n += wire_has_request(w);
	return (n);
}
