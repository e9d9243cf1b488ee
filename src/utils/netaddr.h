/* SPDX-License-Identifier: ISC */
/* Network addresses and blocks of them. */

#ifndef UTILS_NETADDR_H
#define UTILS_NETADDR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#define NETADDR_TEXT	INET6_ADDRSTRLEN	/* bytes, the NUL included */

/* An IPv4 or IPv6 address. An IPv4-mapped IPv6 address counts as IPv4. */
struct netaddr {
	bool		ipv6;
	unsigned char	bytes[16];		/* 4 of them for IPv4 */
};

/* A block of addresses: 192.0.2.0/24. */
struct netblock {
	struct netaddr	base;
	unsigned	prefix;			/* bits */
};

/* Reads an address without brackets or port; false when it is not one. */
bool		 netaddr_parse(const char *text, struct netaddr *);

/* Takes the address that accept(2) gives; false for another family. */
bool		 netaddr_from(const struct sockaddr *, struct netaddr *);

/* 127.0.0.0/8 or ::1: only this machine reaches it. */
bool		 netaddr_is_loopback(const struct netaddr *);

void		 netaddr_text(const struct netaddr *,
		    char[static NETADDR_TEXT]);

/*
 * The key by which limits count: the IPv4 address, or the /64 of an IPv6
 * address, which belongs to one customer. Never 0.
 */
uint64_t	 netaddr_key(const struct netaddr *);

/*
 * The network (of `bits` bits; for IPv6 at most 64) that contains the address,
 * as a key. Keys of different families or lengths cannot be compared.
 */
uint64_t	 netaddr_network(const struct netaddr *, unsigned bits);

/* The same as text: "192.0.2.0/24". */
#define NETWORK_TEXT	(NETADDR_TEXT + 4)

void		 netaddr_network_text(const struct netaddr *, unsigned bits,
		    char[static NETWORK_TEXT]);

/* Reads "192.0.2.0/24" or one address. Returns NULL, or what is wrong. */
const char	*netblock_parse(const char *text, struct netblock *);
bool		 netblock_has(const struct netblock *, const struct netaddr *);

#endif
