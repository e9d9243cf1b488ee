/* SPDX-License-Identifier: ISC */
/* The header of the PROXY protocol, version 2. For src/wire only. */

#ifndef WIRE_WIRE_PROXY_H
#define WIRE_WIRE_PROXY_H

#include <stddef.h>

#include "utils/netaddr.h"

/*
 * A proxy that passes TLS on cannot add X-Forwarded-For. It announces its
 * client in a header before the first byte of the connection instead (HAProxy's
 * proxy-protocol.txt, 2.2). A pure function.
 */

#define PROXY_HEAD	16	/* bytes: signature, command, family, length */
#define PROXY_REST_MAX	4096	/* bytes after these: addresses and TLVs */

enum proxy_result {
	PROXY_MORE,		/* these bytes may begin a header */
	PROXY_NONE,		/* they do not */
	PROXY_BAD,		/* a header that is not valid */
	PROXY_KEEP,		/* a header; the peer's own address counts */
	PROXY_CLIENT		/* a header that announces the client */
};

struct proxy_header {
	size_t		 len;		/* all of it; of MORE: at least */
	struct netaddr	 client;	/* of CLIENT */
	const char	*problem;	/* of BAD: a constant */
};

/* Reads the header that the first len bytes of a connection begin with. */
enum proxy_result	proxy_parse(const unsigned char *in, size_t len,
			    struct proxy_header *);

#endif
