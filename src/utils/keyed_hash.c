/* SPDX-License-Identifier: ISC */
/* Hashes names with a key, so that they can be compared but not read. */

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "utils/hex.h"
#include "utils/keyed_hash.h"

#define DIGEST	32

bool
keyed_hash(const void *secret, size_t len, const char *label,
    const char *text, char out[static KEYED_HASH_TEXT])
{
	unsigned char	 key[DIGEST], digest[DIGEST];

	/* A key per label, so that no other label and text give this hash. */
	if (HMAC(EVP_sha256(), secret, (int)len, (const unsigned char *)label,
	    strlen(label), key, NULL) == NULL ||
	    HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text,
	    strlen(text), digest, NULL) == NULL)
		return (false);
	hex_text(out, digest, DIGEST);
	return (true);
}
