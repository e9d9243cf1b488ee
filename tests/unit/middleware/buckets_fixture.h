/* SPDX-License-Identifier: ISC */
/* What the tests of buckets share. */

#ifndef TESTS_MIDDLEWARE_BUCKETS_FIXTURE_H
#define TESTS_MIDDLEWARE_BUCKETS_FIXTURE_H

/* What test_buckets.c and test_buckets_shared.c share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "middleware/buckets.h"

#define SECOND		UINT64_C(1000000)
#define NOW		(UINT64_C(1000000) * SECOND)

/* The key of the current test. */
static unsigned char	key[BUCKET_KEY];

/* The n-th key, spread over the table as digests are. */
static inline void
make_key(unsigned char k[BUCKET_KEY], uint64_t n)
{
	n *= UINT64_C(0x9e3779b97f4a7c15);	/* odd: no two n share a key */
	memset(k, 0xa5, BUCKET_KEY);
	memcpy(k, &n, sizeof(n));
}

/* The setup of a test: a key that has no bucket yet. */
static inline int
fresh_key(void **state)
{
	static uint64_t	 n;

	(void)state;
	make_key(key, UINT64_C(1) << 60 | ++n);
	return (0);
}

/* The setup of a group; it may run only once. */
static inline int
buckets_setup(void **state)
{
	(void)state;
	return (buckets_init() == NULL ? 0 : -1);
}

static inline bool
take_key(const unsigned char *k, const struct bucket_rule *rule, uint64_t now)
{
	struct bucket_state	 left;

	return (buckets_take(k, rule, now, &left));
}

static inline bool
take(const struct bucket_rule *rule, uint64_t now)
{
	return (take_key(key, rule, now));
}

/* Returns how many can be taken at once; stops at `most`. */
static inline uint64_t
drain(const struct bucket_rule *rule, uint64_t now, uint64_t most)
{
	uint64_t	 n;

	for (n = 0; n < most && take(rule, now); n++)
		;
	return (n);
}

#endif
