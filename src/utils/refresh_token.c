/* SPDX-License-Identifier: ISC */
/* Makes refresh tokens, their successors and their hashes. */

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "utils/hex.h"
#include "utils/refresh_token.h"

#define PREFIX_LEN	(sizeof(REFRESH_TOKEN_PREFIX) - 1)
#define SESSION_BYTES	16
#define DIGEST		32	/* of SHA-256; also the secret's bytes */
#define TAG_BYTES	16

/* The labels of the keys: one key for each purpose. */
#define TAG_LABEL	PRODUCT_STORED " refresh tag"
#define FAMILY_LABEL	PRODUCT_STORED " refresh family"

/* All are bytes, so the struct has no holes. */
struct parts {
	unsigned char	session[SESSION_BYTES];
	unsigned char	secret[DIGEST];
	unsigned char	tag[TAG_BYTES];
};

_Static_assert(sizeof(struct parts) == REFRESH_TOKEN_BYTES,
    "the parts of a token are its bytes");

static bool
hmac(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char out[static DIGEST])
{
	return (HMAC(EVP_sha256(), key, (int)key_len, data, len, out, NULL) !=
	    NULL);
}

static bool
split(const char *token, struct parts *parts)
{
	size_t	len = strnlen(token, REFRESH_TOKEN_TEXT);

	return (len == REFRESH_TOKEN_TEXT - 1 &&
	    memcmp(token, REFRESH_TOKEN_PREFIX, PREFIX_LEN) == 0 &&
	    base64url_decode(parts, sizeof(*parts), token + PREFIX_LEN,
	    len - PREFIX_LEN) == sizeof(*parts));
}

static bool
make_tag(const void *secret, size_t len, const struct parts *parts,
    unsigned char out[static DIGEST])
{
	unsigned char	key[DIGEST];
	bool		made;

	made = hmac(secret, len, TAG_LABEL, strlen(TAG_LABEL), key) &&
	    hmac(key, sizeof(key), parts, offsetof(struct parts, tag), out);
	OPENSSL_cleanse(key, sizeof(key));
	return (made);
}

/* Adds the tag, and writes the text. Wipes the parts. */
static bool
finish(const void *secret, size_t len, struct parts *parts, char *out)
{
	unsigned char	tag[DIGEST];
	bool		made = make_tag(secret, len, parts, tag);

	if (made) {
		memcpy(parts->tag, tag, TAG_BYTES);
		memcpy(out, REFRESH_TOKEN_PREFIX, PREFIX_LEN);
		base64url_encode(out + PREFIX_LEN,
		    REFRESH_TOKEN_TEXT - PREFIX_LEN, parts, sizeof(*parts));
	}
	OPENSSL_cleanse(parts, sizeof(*parts));
	return (made);
}

static void
session_bytes(const char *id, unsigned char out[static SESSION_BYTES])
{
	size_t	i;

	for (i = 0; i < SESSION_BYTES; i++, id += 2) {
		if (*id == '-')
			id++;
		out[i] = (unsigned char)(hex_value(id[0]) << 4 |
		    hex_value(id[1]));
	}
}

bool
refresh_token_first(const void *secret, size_t len, const char *session_id,
    char out[static REFRESH_TOKEN_TEXT])
{
	struct parts	parts;

	session_bytes(session_id, parts.session);
	return (RAND_bytes(parts.secret, sizeof(parts.secret)) == 1 &&
	    finish(secret, len, &parts, out));
}

bool
refresh_token_next(const void *secret, size_t len, const char *token,
    char out[static REFRESH_TOKEN_TEXT])
{
	unsigned char	label[sizeof(FAMILY_LABEL) + SESSION_BYTES];
	unsigned char	key[DIGEST];
	struct parts	old, next;
	bool		made;

	if (!split(token, &old))
		return (false);
	memcpy(label, FAMILY_LABEL, sizeof(FAMILY_LABEL));
	memcpy(label + sizeof(FAMILY_LABEL), old.session, SESSION_BYTES);
	memcpy(next.session, old.session, SESSION_BYTES);
	made = hmac(secret, len, label, sizeof(label), key) &&
	    hmac(key, sizeof(key), &old, sizeof(old), next.secret) &&
	    finish(secret, len, &next, out);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&old, sizeof(old));
	return (made);
}

bool
refresh_token_session(const char *token, char out[static UUID_TEXT])
{
	struct parts	parts;
	size_t		i;

	if (!split(token, &parts))
		return (false);
	for (i = 0; i < SESSION_BYTES; i++, out += 2) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		hex_pair(out, parts.session[i], HEX_LOWER);
	}
	*out = '\0';
	OPENSSL_cleanse(&parts, sizeof(parts));
	return (true);
}

bool
refresh_token_is_ours(const void *secret, size_t len, const char *token,
    bool *ours)
{
	unsigned char	tag[DIGEST];
	struct parts	parts;

	*ours = false;
	if (!split(token, &parts))
		return (true);
	if (!make_tag(secret, len, &parts, tag))
		return (false);
	*ours = CRYPTO_memcmp(parts.tag, tag, TAG_BYTES) == 0;
	OPENSSL_cleanse(&parts, sizeof(parts));
	return (true);
}

bool
refresh_token_hash(const char *token, char out[static REFRESH_TOKEN_HASH])
{
	unsigned char	digest[DIGEST];

	if (EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return (false);
	hex_text(out, digest, DIGEST);
	return (true);
}
