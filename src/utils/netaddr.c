/* SPDX-License-Identifier: ISC */
/* Reads and compares addresses of clients and proxies. */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/netaddr.h"

#define PREFIX_MAX(a)	((a)->ipv6 ? 128u : 32u)

static void
set_ipv4(struct netaddr *a, const void *bytes)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->bytes, bytes, 4);
}

static void
set_ipv6(struct netaddr *a, const struct in6_addr *addr)
{
	if (IN6_IS_ADDR_V4MAPPED(addr)) {
		set_ipv4(a, addr->s6_addr + 12);
		return;
	}
	a->ipv6 = true;
	memcpy(a->bytes, addr->s6_addr, sizeof(a->bytes));
}

bool
netaddr_parse(const char *text, struct netaddr *a)
{
	struct in6_addr	 addr;

	if (inet_pton(AF_INET, text, &addr) == 1) {
		set_ipv4(a, &addr);
		return (true);
	}
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return (false);
	set_ipv6(a, &addr);
	return (true);
}

bool
netaddr_from(const struct sockaddr *sa, struct netaddr *a)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		set_ipv4(a, &in.sin_addr);
		return (true);
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		set_ipv6(a, &in6.sin6_addr);
		return (true);
	}
	return (false);
}

bool
netaddr_is_loopback(const struct netaddr *a)
{
	return (a->ipv6 ? memcmp(a->bytes, &in6addr_loopback,
	    sizeof(a->bytes)) == 0 : a->bytes[0] == 127);
}

void
netaddr_text(const struct netaddr *a, char text[static NETADDR_TEXT])
{
	inet_ntop(a->ipv6 ? AF_INET6 : AF_INET, a->bytes, text, NETADDR_TEXT);
}

/* An IPv4 address gets a /64 that no IPv6 network has: ::/8 is reserved. */
uint64_t
netaddr_key(const struct netaddr *a)
{
	uint64_t	 key = a->ipv6 ? 0 : 0xffff;
	int		 i, n = a->ipv6 ? 8 : 4;

	for (i = 0; i < n; i++)
		key = key << 8 | a->bytes[i];
	return (key != 0 ? key : 1);
}

uint64_t
netaddr_network(const struct netaddr *a, unsigned bits)
{
	unsigned	 all = a->ipv6 ? 64 : 32;
	uint64_t	 key = netaddr_key(a);

	return (bits < all ? key >> (all - bits) << (all - bits) : key);
}

static void
mask_address(struct netaddr *a, unsigned bits)
{
	unsigned	 i;

	for (i = bits; i < PREFIX_MAX(a); i++)
		a->bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
}

void
netaddr_network_text(const struct netaddr *a, unsigned bits,
    char text[static NETWORK_TEXT])
{
	struct netaddr	 base = *a;
	size_t		 n;

	mask_address(&base, bits);
	netaddr_text(&base, text);
	n = strlen(text);
	snprintf(text + n, NETWORK_TEXT - n, "/%u", bits);
}

/* Returns whether the first `prefix` bits are equal. */
static bool
same_prefix(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned	 whole = prefix / 8, rest = prefix % 8;

	if (memcmp(a, b, whole) != 0)
		return (false);
	return (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

static bool
parse_prefix(const char *text, unsigned max, unsigned *prefix)
{
	unsigned	 n = 0;
	const char	*p;

	for (p = text; isdigit((unsigned char)*p) && n <= max; p++)
		n = n * 10 + (unsigned)(*p - '0');
	*prefix = n;
	return (p != text && *p == '\0' && n <= max);
}

const char *
netblock_parse(const char *text, struct netblock *block)
{
	struct netaddr	 masked;
	char		 address[NETADDR_TEXT];
	size_t		 len = strcspn(text, "/");

	if (len >= sizeof(address))
		return ("is no IP address");
	memcpy(address, text, len);
	address[len] = '\0';
	if (!netaddr_parse(address, &block->base))
		return ("is no IP address");
	if (!block->base.ipv6 && strchr(address, ':') != NULL &&
	    text[len] == '/')
		return ("is a block of IPv4: write it as one");
	block->prefix = PREFIX_MAX(&block->base);
	if (text[len] == '/' && !parse_prefix(text + len + 1,
	    PREFIX_MAX(&block->base), &block->prefix))
		return ("has no valid prefix length");
	masked = block->base;
	mask_address(&masked, block->prefix);
	if (memcmp(masked.bytes, block->base.bytes, sizeof(masked.bytes)) != 0)
		return ("has bits set beyond its prefix length");
	return (NULL);
}

bool
netblock_has(const struct netblock *block, const struct netaddr *a)
{
	return (block->base.ipv6 == a->ipv6 &&
	    same_prefix(block->base.bytes, a->bytes, block->prefix));
}
