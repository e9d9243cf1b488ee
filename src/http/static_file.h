/* SPDX-License-Identifier: ISC */
/* Files that are compiled in. */

#ifndef HTTP_STATIC_FILE_H
#define HTTP_STATIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "request/ctx.h"

/* What is in memory for good. */
struct static_file {
	const char	*type;
	const void	*body;
	size_t		 len;
	const char	*etag;		/* an entity tag, in quotes */
	bool		 gzip;		/* the body is compressed */
};

/*
 * Answers with it, uncopied however slowly the client takes it, or with 304
 * if that is what the client has already. Raises 406 when it is compressed
 * and the client wants no gzip.
 */
void	respond_static(struct ctx *, const struct static_file *);

#endif
