/* SPDX-License-Identifier: ISC */
/*
 * The list of servers. Only the parent writes it. A reader copies what it
 * needs, and again if the version has changed meanwhile (a sequence lock), so
 * nobody waits for a process that was killed.
 */

#include <sys/mman.h>

#include <stdatomic.h>
#include <string.h>

#include "database/servers.h"

#define NONE	UINT32_MAX	/* no server is known to work */

struct servers {
	_Atomic unsigned	 version;	/* odd: being written */
	_Atomic unsigned	 asked;
	/* What place_of() makes of the one that worked last. */
	_Atomic uint32_t	 working;
	_Atomic unsigned	 first;		/* to try, if there is none */
	unsigned		 count;
	struct server		 list[SERVERS_MAX];
};

struct servers *
servers_new(void)
{
	struct servers	*s;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return (NULL);
	s->working = NONE;
	return (s);
}

void
servers_free(struct servers *s)
{
	if (s != NULL)
		munmap(s, sizeof(*s));
}

/* An index is meant for the list of one version. */
static uint32_t
place_of(unsigned version, unsigned index)
{
	return ((uint32_t)version << 8 | index);
}

/* Waits for the parent's memcpy() if need be. */
static unsigned
begin_read(const struct servers *s)
{
	unsigned	 version;

	while ((version = atomic_load(&s->version)) % 2 != 0)
		;
	return (version);
}

static bool
has_changed(const struct servers *s, unsigned version)
{
	atomic_thread_fence(memory_order_acquire);
	return (atomic_load(&s->version) != version);
}

/* The index of a server; SERVERS_MAX if it is not in the list. */
static unsigned
find(const struct servers *s, const char *name)
{
	unsigned	 i;

	for (i = 0; i < s->count && i < SERVERS_MAX; i++) {
		if (strncmp(s->list[i].name, name, SERVER_NAME_SIZE) == 0)
			return (i);
	}
	return (SERVERS_MAX);
}

/* The index of the one that worked last; SERVERS_MAX if there is none. */
static unsigned
find_working(const struct servers *s, unsigned version)
{
	uint32_t	 place = s->working;

	return (place != NONE && place == place_of(version, place & 0xff) ?
	    place & 0xff : SERVERS_MAX);
}

void
servers_publish(struct servers *s, const struct server *list, unsigned n)
{
	unsigned	 version = s->version, i;
	char		 working[SERVER_NAME_SIZE] = "";

	if ((i = find_working(s, version)) < SERVERS_MAX)
		memcpy(working, s->list[i].name, sizeof(working));
	atomic_store(&s->version, version + 1);
	atomic_thread_fence(memory_order_release);
	s->count = n;
	memcpy(s->list, list, n * sizeof(*list));
	atomic_store(&s->version, version + 2);
	if (working[0] != '\0' && (i = find(s, working)) < SERVERS_MAX)
		s->working = place_of(version + 2, i);
}

void
servers_begin(const struct servers *s, struct servers_walk *walk)
{
	unsigned	 working;

	do {
		walk->version = begin_read(s);
		walk->left = s->count;
		working = find_working(s, walk->version);
	} while (has_changed(s, walk->version));
	walk->index = working < SERVERS_MAX ? working : s->first;
	if (walk->left > 0)	/* servers_next() takes a step first */
		walk->index += walk->left - 1;
}

bool
servers_next(const struct servers *s, struct servers_walk *walk,
    struct server *out)
{
	if (walk->left == 0 || has_changed(s, walk->version))
		return (false);
	walk->index = (walk->index + 1) % s->count;
	walk->left--;
	memcpy(out, &s->list[walk->index], sizeof(*out));
	return (!has_changed(s, walk->version));
}

bool
servers_are_several(const struct servers *s)
{
	return (s->count > 1);
}

bool
servers_works(struct servers *s, const char *name)
{
	unsigned	 version, index;

	do {
		version = begin_read(s);
		index = find(s, name);
	} while (has_changed(s, version));
	if (index == SERVERS_MAX)	/* it has left the list meanwhile */
		return (false);
	return (atomic_exchange(&s->working, place_of(version, index)) !=
	    place_of(version, index));
}

bool
servers_has_other(const struct servers *s, const char *name)
{
	unsigned	 version, working;
	bool		 other;

	do {
		version = begin_read(s);
		working = find_working(s, version);
		other = working < SERVERS_MAX && find(s, name) != working;
	} while (has_changed(s, version));
	return (other);
}

void
servers_avoid(struct servers *s, const char *name)
{
	unsigned	 version, index;
	uint32_t	 place;

	do {
		version = begin_read(s);
		index = name != NULL ? find(s, name) :
		    find_working(s, version);
	} while (has_changed(s, version));
	if (index < SERVERS_MAX) {
		place = place_of(version, index);
		s->first = index + 1;
		atomic_compare_exchange_strong(&s->working, &place, NONE);
	}
	servers_ask(s);
}

void
servers_ask(struct servers *s)
{
	s->asked++;
}

unsigned
servers_asked(const struct servers *s)
{
	return (s->asked);
}
