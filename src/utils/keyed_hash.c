/* SPDX-License-Identifier: ISC */
/* Names that are to be recognised and not to be read. */

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

	/* A key for each label, so that no label and text can be another's. */
	if (HMAC(EVP_sha256(), secret, (int)len, (const unsigned char *)label,
	    strlen(label), key, NULL) == NULL ||
	    HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text,
	    strlen(text), digest, NULL) == NULL)
		return (false);
	hex_text(out, digest, DIGEST);
	return (true);
}
