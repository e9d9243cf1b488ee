/* SPDX-License-Identifier: ISC */
/* All of our calls to malloc(). */

#include <openssl/crypto.h>

#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/faults.h"
#include "base/mem.h"

#define LARGE		((size_t)128 * 1024)

static unsigned	failures;

/* When large memory was freed, which malloc() keeps. */
static enum { NEVER, BEFORE_TICK, SINCE_TICK } large_freed;

static void *
count(void *p)
{
	failures += p == NULL;
	return (p);
}

void *
mem_alloc(size_t len)
{
	return (count(fault_hit(FAULT_ALLOC) ? NULL : malloc(len)));
}

void *
mem_calloc(size_t n, size_t len)
{
	return (count(fault_hit(FAULT_ALLOC) ? NULL : calloc(n, len)));
}

/*
 * Enough for what jansson makes of one body, the largest too: its longest
 * string is copied whenever its buffer doubles. Unused pages take no memory.
 */
#define RESERVE_SIZE	(16 * 1024 * 1024)

static struct {
	char		*data;
	size_t		 used;
	unsigned	 pieces;	/* in use; 0: all is free */
} reserve;

void *
mem_reserve_alloc(size_t len)
{
	static alignas(16) char	 data[RESERVE_SIZE];
	void			*p;

	if ((p = mem_alloc(len)) != NULL)
		return (p);
	len = (len + 15) & ~(size_t)15;
	if (len > RESERVE_SIZE - reserve.used)
		abort();
	reserve.data = data;
	p = reserve.data + reserve.used;
	reserve.used += len;
	reserve.pieces++;
	return (p);
}

void
mem_reserve_free(void *p)
{
	uintptr_t	 start = (uintptr_t)reserve.data;

	if (p == NULL || (uintptr_t)p < start ||
	    (uintptr_t)p >= start + RESERVE_SIZE || start == 0) {
		if (p != NULL)
			OPENSSL_cleanse(p, malloc_usable_size(p));
		free(p);
		return;
	}
	if (--reserve.pieces == 0)
		reserve.used = 0;
}

unsigned
mem_failures(void)
{
	return (failures);
}

void
mem_free(void *p)
{
	if (p != NULL && malloc_usable_size(p) >= LARGE)
		large_freed = SINCE_TICK;
	free(p);
}

void
mem_freed_much(void)
{
	large_freed = SINCE_TICK;
}

void
mem_tick(void)
{
	if (large_freed == BEFORE_TICK)
		malloc_trim(0);
	large_freed = large_freed == SINCE_TICK ? BEFORE_TICK : NEVER;
}
