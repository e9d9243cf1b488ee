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

#ifndef KEEL_UTILS_KEYED_HASH_H
#define KEEL_UTILS_KEYED_HASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Names that are to be recognised and not to be read: HMAC-SHA256 under a
 * secret, in hex. Pure.
 */
#define KEYED_HASH_TEXT	65	/* bytes, the NUL included */

/*
 * The hash of a text, for one purpose: under another label it has another.
 * False when memory is short.
 */
bool	keyed_hash(const void *secret, size_t len, const char *label,
	    const char *text, char out[static KEYED_HASH_TEXT]);

#endif
