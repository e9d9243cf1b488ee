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

/* Names that are to be recognised and not to be read. */

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "utils/keyed_hash.h"

#define DIGEST	32

bool
keyed_hash(const void *secret, size_t len, const char *label,
    const char *text, char out[static KEYED_HASH_TEXT])
{
	unsigned char	 key[DIGEST], digest[DIGEST];
	unsigned	 i;

	/* A key for each label, so that no label and text can be another's. */
	if (HMAC(EVP_sha256(), secret, (int)len, (const unsigned char *)label,
	    strlen(label), key, NULL) == NULL ||
	    HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text,
	    strlen(text), digest, NULL) == NULL)
		return (false);
	for (i = 0; i < DIGEST; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return (true);
}
