/* SPDX-License-Identifier: ISC */
/*
 * When and from where each session was last used. Requests only note it in a
 * table of this worker's, and a coroutine stores what is new, many sessions
 * with one statement. So a request has no statement more.
 *
 * Idle sessions expire by last_used_at, which a refresh sets, too. Without this
 * file, a client that works for as long as its access token is valid would
 * count as idle.
 */

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "modules/auth/auth_repository.h"
#include "utils/text.h"
#include "utils/uuid.h"

#define SETS		128
#define WAYS		8	/* places of a set */
#define PACE_MS		1000	/* between statements */
#define STORE_MS	30000	/* between two stored uses of a session */
#define PAUSE_MAX_MS	30000	/* after failures; the first is PACE_MS */

/* The last use of a session. Times are by coro_now_ms(); 0 is never. */
struct use {
	unsigned char	session[UUID_BYTES];
	struct netaddr	client;
	uint64_t	used_at;
	uint64_t	stored_at;	/* the use that the database has */
};

/* Uses that are being stored. */
struct flush {
	struct ctx	c;
	size_t		n;
	struct use	uses[];
};

/* A session has its place in the set that its id names: it is found fast. */
static struct {
	struct use	 places[SETS * WAYS];
	struct flush	*flush;		/* one at a time; or NULL */
	uint64_t	 begun_at;	/* the last flush */
	uint64_t	 pause;		/* after a failure; 0: none */
	uint64_t	 retry_at;	/* when it ends */
} table;

static void	flush_run(void *) AWAITS;

static bool
is_stored(const struct use *u)
{
	return (u->used_at <= u->stored_at);
}

/*
 * Returns the place of a session, or the one that it may have: empty, or of a
 * use that is stored, the longest ago. NULL if all wait to be stored.
 */
static struct use *
find_place(const unsigned char session[static UUID_BYTES])
{
	size_t		 set = session[UUID_BYTES - 1] % SETS;
	struct use	*first = &table.places[set * WAYS];
	struct use	*best = NULL, *u;

	for (u = first; u < first + WAYS; u++) {
		if (memcmp(u->session, session, UUID_BYTES) == 0)
			return (u);
		if (is_stored(u) &&
		    (best == NULL || u->stored_at < best->stored_at))
			best = u;
	}
	return (best);
}

/* It is to be stored again, unless the session has no place any more. */
static void
take_back(const struct use *use)
{
	struct use	*u = find_place(use->session);

	if (u == NULL)
		return;
	if (memcmp(u->session, use->session, UUID_BYTES) != 0)
		*u = *use;
	u->stored_at = use->stored_at;
}

static void
take_back_missed(const struct flush *f, const struct session_id *missed,
    size_t nmissed)
{
	unsigned char	 session[UUID_BYTES];
	size_t		 i, j;

	for (i = 0; i < nmissed; i++) {
		uuid_bytes(missed[i].id, session);
		for (j = 0; j < f->n; j++) {
			if (memcmp(f->uses[j].session, session,
			    UUID_BYTES) == 0)
				take_back(&f->uses[j]);
		}
	}
}

static void
flush_run(void *arg)
{
	struct flush	*f = arg;
	struct ctx	*c = &f->c;
	struct text	 ids = arena_text(&c->arena);
	struct text	 clients = arena_text(&c->arena);
	struct text	 ages = arena_text(&c->arena);
	uint64_t	 now = coro_now_ms();
	char		 id[UUID_TEXT], client[NETADDR_TEXT];
	const struct session_id	*missed;
	size_t		 i, n;

	for (i = 0; i < f->n; i++) {
		uuid_text(f->uses[i].session, id);
		netaddr_text(&f->uses[i].client, client);
		text_printf(&ids, "%c%s", i == 0 ? '{' : ',', id);
		text_printf(&clients, "%c%s", i == 0 ? '{' : ',', client);
		text_printf(&ages, "%c%" PRIu64, i == 0 ? '{' : ',',
		    now - f->uses[i].used_at);
	}
	text_puts(&ids, "}");
	text_puts(&clients, "}");
	text_puts(&ages, "}");
	if (ids.cut || clients.cut || ages.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	missed = auth_repository_store_uses(c, ids.data, clients.data,
	    ages.data, &n);
	take_back_missed(f, missed, n);
}

/* An outage of the database is already logged, and anything else only once. */
static void
flush_failed(const struct flush *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		take_back(&f->uses[i]);
	if (f->c.error.kind != &ERR_UNAVAILABLE && !f->c.quiet)
		log_event(LEVEL_ERROR, NULL, "sessions",
		    "their last use is not stored: %s", f->c.error.message);
	table.pause = table.pause == 0 ? PACE_MS : 2 * table.pause;
	if (table.pause > PAUSE_MAX_MS)
		table.pause = PAUSE_MAX_MS;
	table.retry_at = coro_now_ms() + table.pause;
}

/* On the loop's stack. */
static void
flush_ended(void *arg)
{
	struct flush	*f = arg;

	ctx_end(&f->c);
	if (f->c.error.kind == NULL)
		table.pause = table.retry_at = 0;
	else
		flush_failed(f);
	ctx_release(&f->c);
	mem_free(f);
	table.flush = NULL;
}

/* Is there something to store, and is what was stored before this old? */
static bool
is_due(const struct use *u, uint64_t now, uint64_t age)
{
	return (!is_stored(u) && now >= u->stored_at + age);
}

static size_t
count_due(uint64_t now, uint64_t age)
{
	const struct use	*u;
	size_t			 n = 0;

	for (u = table.places; u < table.places + SETS * WAYS; u++)
		n += is_due(u, now, age);
	return (n);
}

/* Takes what is due, and counts it as stored. */
static void
take_due(struct flush *f, uint64_t now, uint64_t age)
{
	struct use	*u;

	for (u = table.places; u < table.places + SETS * WAYS; u++) {
		if (!is_due(u, now, age))
			continue;
		f->uses[f->n++] = *u;
		u->stored_at = u->used_at;
	}
}

/* If memory is short, the next tick tries again. */
static void
flush_begin(uint64_t now, uint64_t age)
{
	struct flush	*f;
	size_t		 n;

	if (table.flush != NULL || now < table.retry_at ||
	    (n = count_due(now, age)) == 0 ||
	    (f = mem_calloc(1, sizeof(*f) + n * sizeof(f->uses[0]))) == NULL)
		return;
	f->c.path = f->c.query = "";
	f->c.quiet = table.pause != 0;
	if (!ctx_begin(&f->c, flush_run, flush_ended, f)) {
		mem_free(f);
		return;
	}
	take_due(f, now, age);
	table.flush = f;
	table.begun_at = now;
	coro_wake(f->c.coro);
}

void
auth_usage_note(const struct ctx *c)
{
	unsigned char	 session[UUID_BYTES];
	uint64_t	 now = coro_now_ms();
	struct use	*u;

	uuid_bytes(c->session_id, session);
	if ((u = find_place(session)) == NULL) {
		flush_begin(now, 0);
		if ((u = find_place(session)) == NULL)
			return;
	}
	if (memcmp(u->session, session, UUID_BYTES) != 0) {
		memset(u, 0, sizeof(*u));
		memcpy(u->session, session, UUID_BYTES);
	}
	u->client = c->address;
	u->used_at = now;
}

void
auth_usage_tick(uint64_t now)
{
	if (now >= table.begun_at + PACE_MS)
		flush_begin(now, STORE_MS);
}

bool
auth_usage_flush(uint64_t now)
{
	flush_begin(now, 0);
	return (table.flush != NULL);
}
