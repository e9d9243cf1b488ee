/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_RUNTIME_ARENA_H
#define KEEL_RUNTIME_ARENA_H

#include <stdbool.h>
#include <stddef.h>

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

/* Returns all of it; wipe overwrites it first (it held secrets). */
void	 arena_free(struct arena *, bool wipe);

/* How many arenas of this process hold memory. */
unsigned arena_count(void);

#endif
