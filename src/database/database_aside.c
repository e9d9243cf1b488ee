/* SPDX-License-Identifier: ISC */
/*
 * Connections whose statement does not end. Most often it is a commit that
 * waits for a synchronous standby, for as long as that is away: PostgreSQL has
 * no timeout for this. Nothing can be done about it. To cancel the wait would
 * commit without the standby. A connection that is closed leaves its backend in
 * the wait, and so does the next one, until PostgreSQL has no room left.
 *
 * So such a connection is set aside (ENDING) until its statement ends, and a
 * spare one takes its place, so that reads go on. There are as many spare ones
 * as the pool has connections, and no more. When half of a pool's number is
 * ENDING in what may be a commit, nothing else is committed, which would only
 * end in the same way.
 */

#include "base/log.h"
#include "database/may_write.h"
#include "database/pool.h"
#include "database/slots.h"
#include "database/unreplicated.h"

struct slot	*slots;
unsigned	 nslots;
unsigned	 pool_size;

unsigned
slots_count(enum use use)
{
	const struct slot	*s;
	unsigned		 n = 0;

	for (s = slots; s < slots + nslots; s++)
		n += s->use == use;
	return (n);
}

/* The first of this use, or NULL. */
static struct slot *
find(enum use use)
{
	struct slot	*s;

	for (s = slots; s < slots + nslots; s++) {
		if (s->use == use)
			return (s);
	}
	return (NULL);
}

bool
slots_are_complete(void)
{
	return (nslots - slots_count(SPARE) - slots_count(ENDING) >=
	    pool_size);
}

struct slot *
slot_set_aside(struct slot *s, const char *request_id)
{
	log_event(LEVEL_WARNING, *request_id != '\0' ? request_id : NULL,
	    "database", "a statement did not end in time: its connection is "
	    "set aside until it ends");
	s->use = ENDING;
	s->writes = may_write(s->conn.query, s->conn.sql);
	return (find(SPARE));
}

void
slot_close(struct slot *s)
{
	conn_close(&s->conn);
	s->use = SPARE;
	s->renewing = false;
}

/* If the pool is complete, one is too many: rather one that is not ready. */
bool
slot_ended(struct slot *s)
{
	struct slot	*other = find(UNUSABLE);

	if (s->conn.unreplicated)
		log_event(LEVEL_WARNING, NULL, "database", "a statement that "
		    "did not end in time: " UNREPLICATED);
	if (!slots_are_complete())
		return (true);
	slot_close(other != NULL ? other : s);
	return (other != NULL);
}

void
slots_drop_ending(void)
{
	struct slot	*s;

	while ((s = find(ENDING)) != NULL)
		conn_lost(&s->conn, "its statement did not end");
}

bool
pool_takes_writes(void)
{
	const struct slot	*s;
	unsigned		 n = 0;

	for (s = slots; s < slots + nslots; s++)
		n += s->use == ENDING && s->writes;
	return (n < (pool_size + 1) / 2);
}
