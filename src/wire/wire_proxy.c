/* SPDX-License-Identifier: ISC */
/* Parses the header of the PROXY protocol. */

#include <sys/socket.h>

#include <stdbool.h>
#include <string.h>

#include "wire/wire_proxy.h"

#define VERSION		2
#define LOCAL		0	/* the proxy's own connection: a check */
#define PROXIED		1
#define FAMILY_MAX	3	/* unspecified, IPv4, IPv6, Unix */
#define PROTOCOL_MAX	2	/* unspecified, stream, datagram */
#define TCP4		0x11
#define TCP6		0x21
#define TCP4_LEN	12	/* two addresses, two ports */
#define TCP6_LEN	36

static const char	signature[] = "\r\n\r\n\0\r\nQUIT\n";
static const char	version_1[] = "PROXY ";

/* Is it the text, or the beginning of it? */
static bool
begins(const unsigned char *in, size_t len, const char *text, size_t whole)
{
	return (memcmp(in, text, len < whole ? len : whole) == 0);
}

static enum proxy_result
bad(struct proxy_header *h, const char *problem)
{
	h->problem = problem;
	return (PROXY_BAD);
}

/* What is wrong with the bytes after the signature; NULL if nothing is. */
static const char *
check_head(const unsigned char *in, size_t rest)
{
	unsigned	 command = in[12] & 0xf;

	if (in[12] >> 4 != VERSION)
		return ("its version is not 2");
	if (command != LOCAL && command != PROXIED)
		return ("its command is not known");
	if (rest > PROXY_REST_MAX)
		return ("it is too long");
	if (command == LOCAL)
		return (NULL);
	if (in[13] >> 4 > FAMILY_MAX || (in[13] & 0xf) > PROTOCOL_MAX)
		return ("its address family or protocol is not known");
	if ((in[13] == TCP4 && rest < TCP4_LEN) ||
	    (in[13] == TCP6 && rest < TCP6_LEN))
		return ("it is too short for its addresses");
	return (NULL);
}

/* The source's address is the first. */
static void
read_client(const unsigned char *address, bool ipv6, struct netaddr *client)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };

	memcpy(&in.sin_addr, address, sizeof(in.sin_addr));
	if (ipv6)
		memcpy(&in6.sin6_addr, address, sizeof(in6.sin6_addr));
	netaddr_from(ipv6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
	    client);
}

enum proxy_result
proxy_parse(const unsigned char *in, size_t len, struct proxy_header *h)
{
	size_t	 rest;

	h->len = PROXY_HEAD;
	if (begins(in, len, version_1, sizeof(version_1) - 1))
		return (len < sizeof(version_1) - 1 ? PROXY_MORE : bad(h,
		    "it is of version 1, and only version 2 is read"));
	if (!begins(in, len, signature, sizeof(signature) - 1))
		return (PROXY_NONE);
	if (len < PROXY_HEAD)
		return (PROXY_MORE);
	rest = (size_t)in[14] << 8 | in[15];
	if ((h->problem = check_head(in, rest)) != NULL)
		return (PROXY_BAD);
	h->len = PROXY_HEAD + rest;
	if (len < h->len)
		return (PROXY_MORE);
	/* A client of HTTP has come by TCP. */
	if ((in[12] & 0xf) == LOCAL || (in[13] != TCP4 && in[13] != TCP6))
		return (PROXY_KEEP);
	read_client(in + PROXY_HEAD, in[13] == TCP6, &h->client);
	return (PROXY_CLIENT);
}
