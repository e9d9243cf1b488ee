/* SPDX-License-Identifier: ISC */
/* Keyed hashes (HMAC-SHA-256). */

#ifndef UTILS_KEYED_HASH_H
#define UTILS_KEYED_HASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Hashes names that must be compared but never read: HMAC-SHA-256 with a secret
 * of len bytes, in hexadecimal. Pure.
 */
#define KEYED_HASH_TEXT		65	/* bytes, the NUL included */
#define KEYED_HASH_BYTES	32

/*
 * Writes the hash of a text for one purpose: another label gives another hash.
 * False when memory is short.
 */
bool	keyed_hash(const void *secret, size_t len, const char *label,
	    const char *text, char out[static KEYED_HASH_TEXT]);

/* The same as bytes, for what must be as hard to guess as a key. */
bool	keyed_hash_bytes(const void *secret, size_t len, const char *label,
	    const char *text, unsigned char out[static KEYED_HASH_BYTES]);

#endif
