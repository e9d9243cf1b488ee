/* SPDX-License-Identifier: ISC */
/* Signed cursors of lists. */

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "product.h"
#include "utils/base64url.h"
#include "utils/cursor.h"

#define SCOPE_MAX	128

bool
cursor_key(const void *secret, size_t len,
    unsigned char key[static CURSOR_KEY])
{
	static const char	 label[] = PRODUCT_STORED " cursor";

	return (HMAC(EVP_sha256(), secret, (int)len,
	    (const unsigned char *)label, sizeof(label) - 1, key, NULL) !=
	    NULL);
}

static bool
authenticate(const unsigned char key[static CURSOR_KEY], const char *scope,
    const char *text, unsigned char mac[static CURSOR_KEY])
{
	char	 data[SCOPE_MAX + CURSOR_TEXT_MAX];
	int	 len;

	/*
	 * Neither scope nor text contains a NUL, so it separates them safely.
	 */
	len = snprintf(data, sizeof(data), "%s%c%s", scope, '\0', text);
	if (len < 0 || (size_t)len >= sizeof(data))
		return (false);
	return (HMAC(EVP_sha256(), key, CURSOR_KEY,
	    (const unsigned char *)data, (size_t)len, mac, NULL) != NULL);
}

bool
cursor_seal(const unsigned char key[static CURSOR_KEY], const char *scope,
    const char *text, char out[static CURSOR_MAX])
{
	unsigned char	 data[CURSOR_KEY + CURSOR_TEXT_MAX];
	size_t		 len = strlen(text);

	if (len >= CURSOR_TEXT_MAX || !authenticate(key, scope, text, data))
		return (false);
	memcpy(data + CURSOR_MAC, text, len);
	return (base64url_encode(out, CURSOR_MAX, data, CURSOR_MAC + len) !=
	    -1);
}

bool
cursor_open(const unsigned char key[static CURSOR_KEY], const char *scope,
    const char *cursor, char text[static CURSOR_TEXT_MAX])
{
	unsigned char	 data[CURSOR_MAC + CURSOR_TEXT_MAX], mac[CURSOR_KEY];
	ssize_t		 len;

	len = base64url_decode(data, sizeof(data) - 1, cursor, strlen(cursor));
	if (len < CURSOR_MAC || memchr(data + CURSOR_MAC, '\0',
	    (size_t)len - CURSOR_MAC) != NULL)
		return (false);
	data[len] = '\0';
	strcpy(text, (const char *)data + CURSOR_MAC);
	return (authenticate(key, scope, text, mac) &&
	    CRYPTO_memcmp(mac, data, CURSOR_MAC) == 0);
}
