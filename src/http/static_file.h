/* SPDX-License-Identifier: ISC */
/* Files in memory: compiled in, or built at start. */

#ifndef HTTP_STATIC_FILE_H
#define HTTP_STATIC_FILE_H

#include <stddef.h>

#include "request/ctx.h"

/* Bytes in memory that are never freed, and their entity tag, in quotes. */
struct static_body {
	const void	*bytes;
	size_t		 len;
	const char	*etag;
};

struct static_file {
	const char		*type;
	struct static_body	 plain;
	struct static_body	 gzip;	/* without bytes: there is none */
};

/*
 * Responds with the file, or with 304 if the client has it already. The bytes
 * are not copied, however slowly the client reads them. If there are two
 * representations, Accept-Encoding chooses; without it, the plain one is sent.
 * Raises 406 if it forbids both (RFC 9110, 12.5.3).
 */
void	respond_static(struct ctx *, const struct static_file *);

#endif
