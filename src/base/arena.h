/* SPDX-License-Identifier: ISC */
/* Arenas: memory that is freed all at once. */

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "utils/text.h"

struct arena_chunk;

/* Memory that is allocated piece by piece and freed all at once. */
struct arena {
	struct arena_chunk	*chunks;
};

/* 16-byte aligned, not zeroed; NULL when memory is short. */
void	*arena_alloc(struct arena *, size_t);

/*
 * Allocates room for len bytes in advance, so that later allocations of up to
 * len bytes in total cannot fail. False when memory is short.
 */
bool	 arena_reserve(struct arena *, size_t len);

/* Returns an empty text that grows in the arena. */
struct text arena_text(struct arena *);

/* Frees all of it. With wipe it is overwritten first: it held secrets. */
void	 arena_free(struct arena *, bool wipe);

/* The number of arenas in this process that hold memory. */
unsigned arena_count(void);

#endif
