/* SPDX-License-Identifier: ISC */
/* Network addresses and blocks of them. */

#ifndef UTILS_NETADDR_H
#define UTILS_NETADDR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#define NETADDR_TEXT	INET6_ADDRSTRLEN	/* bytes, the NUL included */

/* An address of IPv4 or IPv6. One of IPv4 in IPv6's clothes is IPv4. */
struct netaddr {
	bool		ipv6;
	unsigned char	bytes[16];		/* 4 of them for IPv4 */
};

/* A block of addresses: 192.0.2.0/24. */
struct netblock {
	struct netaddr	base;
	unsigned	prefix;			/* bits */
};

/* From text, without brackets or port; false when it is no address. */
bool		 netaddr_parse(const char *text, struct netaddr *);

/* From what accept(2) gives; false for another family. */
bool		 netaddr_from(const struct sockaddr *, struct netaddr *);

void		 netaddr_text(const struct netaddr *,
		    char[static NETADDR_TEXT]);

/*
 * What limits count by: the IPv4 address, or the /64 that an IPv6 address lies
 * in, which is one customer's. Never 0.
 */
uint64_t	 netaddr_key(const struct netaddr *);

/*
 * The network of that many bits that an address lies in, as a key; for IPv6 up
 * to 64. Of two families or two lengths, keys are not to be compared.
 */
uint64_t	 netaddr_network(const struct netaddr *, unsigned bits);

/* The same as text: "192.0.2.0/24". */
#define NETWORK_TEXT	(NETADDR_TEXT + 4)

void		 netaddr_network_text(const struct netaddr *, unsigned bits,
		    char[static NETWORK_TEXT]);

/*
 * "192.0.2.0/24", or an address alone. Returns NULL, or what is wrong with it.
 */
const char	*netblock_parse(const char *text, struct netblock *);
bool		 netblock_has(const struct netblock *, const struct netaddr *);

#endif
