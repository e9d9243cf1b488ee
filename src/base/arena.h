/* SPDX-License-Identifier: ISC */
/* Arenas: memory that is freed all at once. */

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "utils/text.h"

struct arena_chunk;

/* Memory that is given out piece by piece and returned all at once. */
struct arena {
	struct arena_chunk	*chunks;
};

/* 16-byte aligned, not zeroed; NULL when memory is short. */
void	*arena_alloc(struct arena *, size_t);

/*
 * Gets memory for len bytes to come, so that smaller pieces, up to as much
 * together, are had for certain. False when memory is short.
 */
bool	 arena_reserve(struct arena *, size_t len);

/* Text that grows in it. */
struct text arena_text(struct arena *);

/* Returns all of it; wipe overwrites it first (it held secrets). */
void	 arena_free(struct arena *, bool wipe);

/* How many arenas of this process hold memory. */
unsigned arena_count(void);

#endif
