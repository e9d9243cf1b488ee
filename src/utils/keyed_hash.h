/* SPDX-License-Identifier: ISC */
/* Hashes under a key (HMAC-SHA256). */

#ifndef UTILS_KEYED_HASH_H
#define UTILS_KEYED_HASH_H

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
