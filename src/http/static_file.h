/* SPDX-License-Identifier: ISC */
/* Files in memory: compiled in, or built at start. */

#ifndef HTTP_STATIC_FILE_H
#define HTTP_STATIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "request/ctx.h"

/* A file in memory that is never freed. */
struct static_file {
	const char	*type;
	const void	*body;
	size_t		 len;
	const char	*etag;		/* an entity tag, in quotes */
	bool		 gzip;		/* the body is compressed */
};

/*
 * Responds with the file, or with 304 if the client has it already. The body is
 * not copied, however slowly the client reads it. Raises 406 if it is
 * compressed and the client does not accept gzip.
 */
void	respond_static(struct ctx *, const struct static_file *);

#endif
