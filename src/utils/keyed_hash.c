/* SPDX-License-Identifier: ISC */
/* Hashes names with a key, so that they can be compared but not read. */

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "utils/hex.h"
#include "utils/keyed_hash.h"

bool
keyed_hash_bytes(const void *secret, size_t len, const char *label,
    const char *text, unsigned char out[static KEYED_HASH_BYTES])
{
	unsigned char	 key[KEYED_HASH_BYTES];

	/* A key per label, so that no other label and text give this hash. */
	return (HMAC(EVP_sha256(), secret, (int)len,
	    (const unsigned char *)label, strlen(label), key, NULL) != NULL &&
	    HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *)text,
	    strlen(text), out, NULL) != NULL);
}

bool
keyed_hash(const void *secret, size_t len, const char *label,
    const char *text, char out[static KEYED_HASH_TEXT])
{
	unsigned char	 digest[KEYED_HASH_BYTES];

	if (!keyed_hash_bytes(secret, len, label, text, digest))
		return (false);
	hex_text(out, digest, sizeof(digest));
	return (true);
}
