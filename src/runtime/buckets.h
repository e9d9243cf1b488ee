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

#ifndef KEEL_RUNTIME_BUCKETS_H
#define KEEL_RUNTIME_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counters of rate limits, in memory that all workers share. A bucket is one
 * timestamp: when it will be full again, were nothing more taken (the generic
 * cell rate algorithm). Exact: taking is one step under a lock, and a worker
 * that dies while it holds the lock does not keep it.
 */

#define BUCKET_KEY	16	/* bytes; a digest of whose bucket it is */

struct bucket_rule {
	uint64_t	quota;		/* requests at once */
	uint64_t	window;		/* in which it fills, in microseconds */
};

/* What is left afterwards. */
struct bucket_state {
	uint64_t	remaining;	/* requests */
	uint64_t	next;		/* microseconds until one more */
	uint64_t	full;		/* microseconds until all of them */
};

/* In the parent, before the fork. Returns NULL, or what failed. */
const char	*buckets_init(void);

/* False when there is nothing left to take. now is in microseconds. */
bool		 buckets_take(const unsigned char key[BUCKET_KEY],
		    const struct bucket_rule *, uint64_t now,
		    struct bucket_state *);

/* Puts one back. */
void		 buckets_give(const unsigned char key[BUCKET_KEY],
		    const struct bucket_rule *, uint64_t now);

#endif
