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

#ifndef KEEL_RUNTIME_STATIC_FILE_H
#define KEEL_RUNTIME_STATIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/ctx.h"

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
