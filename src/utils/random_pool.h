/* SPDX-License-Identifier: ISC */
/* Random bytes for identifiers, taken from OpenSSL by the kilobyte. */

#ifndef UTILS_RANDOM_POOL_H
#define UTILS_RANDOM_POOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * RAND_bytes() makes several system calls, however few bytes it is asked for. A
 * process that needs some for each request takes them from a pool.
 *
 * The bytes wait in the memory of the process. So they are for identifiers,
 * which are sent and stored anyway. Keys, tokens, salts and whatever else must
 * stay secret come from RAND_bytes() itself.
 */

/*
 * Gives the calling thread a pool. Call it in a process that handles requests,
 * after the fork that made it. Other threads, other processes and a child of
 * this one have none, and neither has a kernel that cannot empty it in a child:
 * they get their bytes from OpenSSL, each time.
 */
void	random_pool_init(void);

/*
 * Writes len bytes. No two calls, in whatever process or thread, get the same
 * ones, and the pool keeps nothing of them. Thread-safe. Returns false when
 * OpenSSL fails; out is then all zeros.
 */
bool	random_pool_take(unsigned char *out, size_t len);

#endif
