/* SPDX-License-Identifier: ISC */
/* Allocates memory piece by piece and frees it all at once. */

#include <stdalign.h>
#include <stdint.h>

#include <openssl/crypto.h>

#include "base/arena.h"
#include "base/mem.h"

#define CHUNK_SIZE	4096
#define ALIGN(n)	(((n) + 15) & ~(size_t)15)

struct arena_chunk {
	struct arena_chunk	*next;
	size_t			 used;
	size_t			 size;
	alignas(16) char	 data[];
};

static unsigned	arenas;

bool
arena_reserve(struct arena *a, size_t len)
{
	struct arena_chunk	*chunk = a->chunks;
	size_t			 size;

	if (chunk != NULL && chunk->size - chunk->used >= len)
		return (true);
	size = CHUNK_SIZE - sizeof(*chunk);
	if (len > size)
		size = len;
	chunk = mem_alloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return (false);
	if (a->chunks == NULL)
		arenas++;
	chunk->next = a->chunks;
	chunk->used = 0;
	chunk->size = size;
	a->chunks = chunk;
	return (true);
}

void *
arena_alloc(struct arena *a, size_t len)
{
	struct arena_chunk	*chunk;
	void			*p;

	if (len > SIZE_MAX / 2)
		return (NULL);
	len = ALIGN(len);
	if (!arena_reserve(a, len))
		return (NULL);
	chunk = a->chunks;
	p = chunk->data + chunk->used;
	chunk->used += len;
	return (p);
}

static void *
grow(void *arena, size_t len)
{
	return (arena_alloc(arena, len));
}

struct text
arena_text(struct arena *a)
{
	struct text	 t = { .alloc = grow, .from = a };

	return (t);
}

void
arena_free(struct arena *a, bool wipe)
{
	struct arena_chunk	*chunk, *next;

	if (a->chunks == NULL)
		return;
	for (chunk = a->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (wipe)
			OPENSSL_cleanse(chunk->data, chunk->used);
		mem_free(chunk);
	}
	a->chunks = NULL;
	arenas--;
}

unsigned
arena_count(void)
{
	return (arenas);
}
