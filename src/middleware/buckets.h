/* SPDX-License-Identifier: ISC */
/* The counters of rate limits, shared by all workers. */

#ifndef MIDDLEWARE_BUCKETS_H
#define MIDDLEWARE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bucket is one timestamp: when it will be full again if nothing more is
 * taken (the generic cell rate algorithm). The counters are exact: taking is
 * one step under a lock, and the lock of a worker that dies is released.
 */

#define BUCKET_KEY	16	/* bytes; a digest of the owner */

struct bucket_rule {
	uint64_t	quota;		/* requests at once */
	uint64_t	window;		/* in which it fills, in microseconds */
};

/* What is left after a request was taken. */
struct bucket_state {
	uint64_t	remaining;	/* requests */
	uint64_t	next;		/* microseconds until one more */
	uint64_t	full;		/* microseconds until all of them */
};

/* In the parent, before the fork. Returns NULL or an error message. */
const char	*buckets_init(void);

/* Takes one request; false if none is left. now is in microseconds. */
bool		 buckets_take(const unsigned char key[BUCKET_KEY],
		    const struct bucket_rule *, uint64_t now,
		    struct bucket_state *);

/* Gives one request back. */
void		 buckets_give(const unsigned char key[BUCKET_KEY],
		    const struct bucket_rule *, uint64_t now);

#endif
