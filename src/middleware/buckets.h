/* SPDX-License-Identifier: ISC */
/* The counters of rate limits, shared by all workers. */

#ifndef MIDDLEWARE_BUCKETS_H
#define MIDDLEWARE_BUCKETS_H

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
