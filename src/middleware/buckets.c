/* SPDX-License-Identifier: ISC */
/* The shared counters of rate limits. */

#include <sys/mman.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "middleware/buckets.h"

/*
 * A key may be in any place of its set. If all places hold buckets that are not
 * yet full, the one that is full soonest is evicted: its owner gains a few
 * requests, and nobody loses any. 65,536 buckets; unused ones take no memory.
 */
#define SETS		4096
#define PLACES		16
#define SETS_PER_LOCK	64
#define LOCKS		(SETS / SETS_PER_LOCK)

struct bucket {
	unsigned char	key[BUCKET_KEY];
	uint64_t	full_at;		/* 0: never used */
};

static struct {
	pthread_mutex_t	lock[LOCKS];
	struct bucket	set[SETS][PLACES];
} *table;

const char *
buckets_init(void)
{
	pthread_mutexattr_t	 attr;
	int			 i, error;

	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return ("cannot map shared memory");
	error = pthread_mutexattr_init(&attr);
	error |= pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	error |= pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (i = 0; i < LOCKS; i++)
		error |= pthread_mutex_init(&table->lock[i], &attr);
	return (error == 0 ? NULL : "cannot make a shared lock");
}

/* A worker that dies with the lock leaves a valid bucket: it is one word. */
static pthread_mutex_t *
lock(unsigned set)
{
	pthread_mutex_t	*mutex = &table->lock[set / SETS_PER_LOCK];

	if (pthread_mutex_lock(mutex) == EOWNERDEAD)
		pthread_mutex_consistent(mutex);
	return (mutex);
}

static unsigned
set_of(const unsigned char key[BUCKET_KEY])
{
	return ((unsigned)(key[0] << 8 | key[1]) % SETS);
}

static struct bucket *
find(unsigned set, const unsigned char key[BUCKET_KEY])
{
	struct bucket	*b, *soonest = &table->set[set][0];

	for (b = table->set[set]; b < table->set[set] + PLACES; b++) {
		if (memcmp(b->key, key, BUCKET_KEY) == 0)
			return (b);
		if (b->full_at < soonest->full_at)
			soonest = b;
	}
	memcpy(soonest->key, key, BUCKET_KEY);
	soonest->full_at = 0;
	return (soonest);
}

bool
buckets_take(const unsigned char key[BUCKET_KEY],
    const struct bucket_rule *rule, uint64_t now, struct bucket_state *state)
{
	uint64_t	 each = rule->window / rule->quota, full_at;
	uint64_t	 whole = each * rule->quota;	/* rounded down */
	unsigned	 set = set_of(key);
	pthread_mutex_t	*held = lock(set);
	struct bucket	*b = find(set, key);
	bool		 taken;

	full_at = b->full_at > now ? b->full_at : now;
	taken = full_at + each <= now + whole;
	if (taken)
		b->full_at = full_at += each;
	pthread_mutex_unlock(held);

	state->full = full_at - now;
	/* More than whole if another worker's clock is slightly ahead. */
	state->remaining = state->full < whole ? (whole - state->full) / each :
	    0;
	state->next = state->remaining > 0 ? 0 : state->full + each - whole;
	return (taken);
}

void
buckets_give(const unsigned char key[BUCKET_KEY],
    const struct bucket_rule *rule, uint64_t now)
{
	uint64_t	 each = rule->window / rule->quota;
	unsigned	 set = set_of(key);
	pthread_mutex_t	*held = lock(set);
	struct bucket	*b = find(set, key);

	if (b->full_at > now + each)
		b->full_at -= each;
	else
		b->full_at = now;
	pthread_mutex_unlock(held);
}
