/* SPDX-License-Identifier: ISC */
/* What the tests of addresses share. */

#ifndef TESTS_UTILS_NETADDR_FIXTURE_H
#define TESTS_UTILS_NETADDR_FIXTURE_H

/* What test_netaddr.c and test_netblock.c share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/netaddr.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static inline struct netaddr
address(const char *text)
{
	struct netaddr	 a;

	memset(&a, 0xff, sizeof(a));
	if (!netaddr_parse(text, &a))
		fail_msg("%s is an address", text);
	return (a);
}

static inline bool
same(const struct netaddr *a, const struct netaddr *b)
{
	return (a->ipv6 == b->ipv6 &&
	    memcmp(a->bytes, b->bytes, a->ipv6 ? 16 : 4) == 0);
}

#endif
