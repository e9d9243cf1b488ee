/* SPDX-License-Identifier: ISC */
/*
 * Random bytes by the kilobyte. The pool has pages of its own, which the kernel
 * empties in the child of any fork, also one that libc does not know of. Empty
 * means zero, and a pool of zeros has nothing left.
 */

#include <sys/mman.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <pthread.h>
#include <string.h>

#include "utils/random_pool.h"

#define POOL_BYTES	1000

struct pool {
	size_t		 left;		/* at the end */
	unsigned char	 bytes[POOL_BYTES];
};

static struct pool	*pool;
static pthread_t	 owner;

void
random_pool_init(void)
{
	void	*p;

	if (pool != NULL)
		return;
	p = mmap(NULL, sizeof(*pool), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	if (madvise(p, sizeof(*pool), MADV_WIPEONFORK) == -1) {
		munmap(p, sizeof(*pool));
		return;
	}
	owner = pthread_self();
	pool = p;
}

static bool
fill(unsigned char *out, size_t len)
{
	if (RAND_bytes(out, (int)len) == 1)
		return (true);
	memset(out, 0, len);
	return (false);
}

bool
random_pool_take(unsigned char *out, size_t len)
{
	unsigned char	*from;

	if (pool == NULL || !pthread_equal(owner, pthread_self()) ||
	    len > POOL_BYTES)
		return (fill(out, len));
	if (pool->left < len) {
		pool->left = 0;
		if (!fill(pool->bytes, POOL_BYTES)) {
			memset(out, 0, len);
			return (false);
		}
		pool->left = POOL_BYTES;
	}
	from = pool->bytes + POOL_BYTES - pool->left;
	memcpy(out, from, len);
	OPENSSL_cleanse(from, len);
	pool->left -= len;
	return (true);
}
