/* SPDX-License-Identifier: ISC */
/* What the pool does by itself: it connects what is down, and counts. */

#include <sys/types.h>

#include <kore/kore.h>

#include "base/metrics.h"
#include "database/conn.h"
#include "database/slots.h"

#define FOLLOW_MS	1000	/* between moves to another server */

/* Those that are down, and that no request holds. */
static void
connect_all(uint64_t now)
{
	struct slot	*s;

	for (s = slots; s < slots + nslots; s++) {
		if (s->conn.state == CONN_DOWN && s->holder == NULL &&
		    s->use != SPARE)
			slot_connect(s, now);
	}
}

/*
 * One at a time, until one is ready: each attempt signs in at every server,
 * which an outage makes no easier for them.
 */
static void
connect_one(uint64_t now)
{
	struct slot	*s, *down = NULL;

	for (s = slots; s < slots + nslots; s++) {
		if (s->conn.state != CONN_DOWN)
			return;
		if (down == NULL && s->holder == NULL && s->use != SPARE)
			down = s;
	}
	if (down != NULL)
		slot_connect(down, now);
}

static bool
is_any_ready(void)
{
	const struct slot	*s;

	for (s = slots; s < slots + nslots; s++) {
		if (conn_is_ready(&s->conn))
			return (true);
	}
	return (false);
}

static void
count_connections(void)
{
	const struct slot	*s;
	unsigned		 down = 0, used = 0;

	for (s = slots; s < slots + nslots; s++) {
		if (s->use == SPARE || s->use == ENDING)
			continue;
		used += conn_is_ready(&s->conn) && s->use != IDLE;
		down += !conn_is_ready(&s->conn);
	}
	metrics->now.db_down = down;
	metrics->now.db_idle = slots_count(IDLE);
	metrics->now.db_in_use = used;
	metrics->now.db_ending = slots_count(ENDING);
}

/*
 * Another server works now, perhaps another process's connection: those that
 * still lead to an old one, which may be hung, connect anew.
 */
static void
follow(uint64_t now)
{
	static uint64_t	 next;
	struct slot	*s;

	if (now < next)
		return;
	for (s = slots; s < slots + nslots; s++) {
		if (!conn_is_ready(&s->conn) || s->conn.passed_by ||
		    !servers_has_other(s->conn.setup->servers, s->conn.server))
			continue;
		next = now + FOLLOW_MS;
		slot_outdate(s);
		if (s->use == ENDING)
			conn_lost(&s->conn, "another server works now");
	}
}

void
database_tick(uint64_t now)
{
	struct slot	*s;

	follow(now);
	for (s = slots; s < slots + nslots; s++)
		conn_tick(&s->conn, now);
	if (is_any_ready())
		connect_all(now);
	else
		connect_one(now);
	count_connections();
}
