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

#ifndef KEEL_UTILS_ETAG_H
#define KEEL_UTILS_ETAG_H

#include <stdbool.h>

/*
 * Entity tags (RFC 9110, 8.8.3) in a list as If-Match and If-None-Match have
 * it (13.1.1, 13.1.2). Pure.
 */

/* Of two lists, whichever is further down counts. */
enum etag_result {
	ETAG_MALFORMED,		/* no list of entity tags */
	ETAG_DIFFERS,
	ETAG_MATCHES,
	ETAG_ANY		/* "*": whatever it is, if it is there */
};

/*
 * Is tag, a strong entity tag with its quotes, in the list? weak: does W/"1"
 * match "1"? (8.8.3.2)
 */
enum etag_result	etag_in_list(const char *list, const char *tag,
			    bool weak);

#endif
