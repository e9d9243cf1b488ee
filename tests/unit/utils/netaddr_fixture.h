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

#ifndef KEEL_TESTS_NETADDR_FIXTURE_H
#define KEEL_TESTS_NETADDR_FIXTURE_H

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
