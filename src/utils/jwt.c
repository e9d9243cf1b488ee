/* SPDX-License-Identifier: ISC */
/* Signs and verifies JSON Web Tokens with an HMAC (RFC 7519, RFC 9068). */

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"
#include "utils/jwt_claims.h"
#include "utils/keyed_hash.h"

#define JWT_MAC_MAX	64

struct jwt_algorithm {
	const char	*name;
	const char	*digest;
	size_t		 size;
};

/* A token split into its parts; the decoded parts lie in one block. */
struct jwt_token {
	unsigned char	*block;
	const char	*signing_input;
	const char	*header;
	const char	*payload;
	const char	*signature;
	size_t		 signing_input_len;
	size_t		 header_len;
	size_t		 payload_len;
	size_t		 signature_len;
};

static const struct jwt_algorithm	*jwt_algorithm_find(const char *);
static bool		 jwt_token_split(struct jwt_token *, const char *);
static void		 jwt_token_free(struct jwt_token *);
static ssize_t		 jwt_header(const struct jwt_key *, char *, size_t);
static bool		 jwt_mac(const struct jwt_key *, const char *, size_t,
			    unsigned char *, size_t *);
static bool		 jwt_signature_right(const struct jwt_key *,
			    const struct jwt_token *);
static const struct jwt_key	*jwt_key_of_header(const struct jwt_key *,
			    const char *);
static const struct jwt_key	*jwt_key_find(const struct jwt_key *,
			    const char *);
static bool		 jwt_signed_by_any(const struct jwt_key *,
			    const struct jwt_token *);
static enum jwt_result	 jwt_check_header(const struct jwt_key *,
			    const struct jwt_token *,
			    const struct jwt_key **);

static const struct jwt_algorithm algorithms[] = {
	{ "HS256", "SHA256", 32 },
	{ "HS384", "SHA384", 48 },
	{ "HS512", "SHA512", 64 },
};

size_t
jwt_algorithm_min_secret(const char *alg)
{
	const struct jwt_algorithm	*a = jwt_algorithm_find(alg);

	return (a != NULL ? a->size : 0);
}

bool
jwt_key_name(struct jwt_key *key)
{
	char	hash[KEYED_HASH_TEXT];

	if (!keyed_hash(key->secret, key->secret_len, "kid", "", hash))
		return (false);
	memcpy(key->kid, hash, JWT_KID - 1);
	key->kid[JWT_KID - 1] = '\0';
	return (true);
}

bool
jwt_key_prepare(struct jwt_key *key)
{
	const struct jwt_algorithm	*a = jwt_algorithm_find(key->alg);
	OSSL_PARAM			 params[2];
	EVP_MAC				*hmac;

	/* RFC 7518 section 3.2: a shorter secret MUST NOT be used. */
	if (a == NULL || key->secret_len < a->size ||
	    jwt_header(key, key->header, sizeof(key->header)) == -1 ||
	    (hmac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL)
		return (false);
	params[0] = OSSL_PARAM_construct_utf8_string("digest",
	    (char *)(uintptr_t)a->digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	key->mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (key->mac != NULL &&
	    EVP_MAC_init(key->mac, key->secret, key->secret_len, params) == 1)
		return (true);
	jwt_key_free(key);
	return (false);
}

void
jwt_key_free(struct jwt_key *key)
{
	EVP_MAC_CTX_free(key->mac);
	key->mac = NULL;
	key->header[0] = '\0';
}

ssize_t
jwt_sign(const struct jwt_key *key, const struct jwt_claims *claims,
    char *out, size_t outsize)
{
	unsigned char	 mac[JWT_MAC_MAX];
	char		*payload;
	json_t		*json;
	ssize_t		 n;
	size_t		 len, mac_len;

	if (outsize == 0)
		return (-1);
	out[0] = '\0';
	if (outsize > JWT_MAX + 1)
		outsize = JWT_MAX + 1;
	if (jwt_algorithm_find(key->alg) == NULL)
		return (-1);

	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}",
	    "iss", claims->iss, "aud", claims->aud, "sub", claims->sub,
	    "client_id", claims->client_id, "sid", claims->sid,
	    "jti", claims->jti, "iat", (json_int_t)claims->iat,
	    "exp", (json_int_t)claims->exp);
	if (json == NULL)
		return (-1);
	if ((payload = malloc(JWT_MAX)) == NULL) {
		json_decref(json);
		return (-1);
	}
	len = json_dumpb(json, payload, JWT_MAX, JSON_COMPACT);
	json_decref(json);
	if (len == 0 || len > JWT_MAX) {
		free(payload);
		return (-1);
	}

	if ((n = jwt_header(key, out, outsize)) == -1) {
		free(payload);
		goto fail;
	}
	out[n] = '.';
	len = (size_t)base64url_encode(out + n + 1, outsize - (size_t)n - 1,
	    payload, len);
	free(payload);
	if (len == (size_t)-1)
		goto fail;
	len += (size_t)n + 1;
	if (len + 1 >= outsize || !jwt_mac(key, out, len, mac, &mac_len))
		goto fail;
	out[len] = '.';
	n = base64url_encode(out + len + 1, outsize - len - 1, mac, mac_len);
	OPENSSL_cleanse(mac, sizeof(mac));
	if (n == -1)
		goto fail;
	return ((ssize_t)len + 1 + n);

fail:
	out[0] = '\0';
	return (-1);
}

enum jwt_result
jwt_verify(const struct jwt_key *key, const char *token, const char *iss,
    const char *aud, int64_t now, int64_t leeway, struct jwt_claims *out)
{
	const struct jwt_key	*signer;
	struct jwt_token	 t;
	enum jwt_result		 result;
	int64_t			 latest;

	memset(out, 0, sizeof(*out));
	if (!jwt_token_split(&t, token))
		return (JWT_MALFORMED);

	signer = jwt_key_of_header(key, token);
	result = signer != NULL ? JWT_OK :
	    jwt_check_header(key, &t, &signer);
	if (result == JWT_OK && !(signer != NULL ?
	    jwt_signature_right(signer, &t) : jwt_signed_by_any(key, &t)))
		result = JWT_BAD_SIGNATURE;
	if (result == JWT_OK)
		result = jwt_claims_read(t.payload, t.payload_len, aud, out);
	jwt_token_free(&t);

	if (result == JWT_OK) {
		if (__builtin_add_overflow(now, leeway, &latest))
			latest = leeway < 0 ? INT64_MIN : INT64_MAX;
		if (strcmp(out->iss, iss) != 0 || out->iat > latest ||
		    out->nbf > latest)
			result = JWT_BAD_CLAIMS;
		else if (now >= out->exp)
			result = JWT_EXPIRED;
	}
	if (result != JWT_OK)
		memset(out, 0, sizeof(*out));
	return (result);
}

enum jwt_result
jwt_verify_signature(const struct jwt_key *key, const char *token)
{
	struct jwt_token	t;
	enum jwt_result		result;

	if (!jwt_token_split(&t, token))
		return (JWT_MALFORMED);
	result = jwt_signature_right(key, &t) ? JWT_OK : JWT_BAD_SIGNATURE;
	jwt_token_free(&t);
	return (result);
}

/* Writes the header as it stands in a token; -1: it does not fit. */
static ssize_t
jwt_header(const struct jwt_key *key, char *out, size_t outsize)
{
	char	 header[JWT_HEADER / 4 * 3];
	int	 n;

	n = snprintf(header, sizeof(header), key->kid[0] != '\0' ?
	    "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}" :
	    "{\"alg\":\"%s\",\"typ\":\"at+jwt\"}", key->alg, key->kid);
	return (base64url_encode(out, outsize, header, (size_t)n));
}

static const struct jwt_algorithm *
jwt_algorithm_find(const char *alg)
{
	size_t	i;

	if (alg == NULL)
		return (NULL);
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (strcmp(algorithms[i].name, alg) == 0)
			return (&algorithms[i]);
	}
	return (NULL);
}

/* When it returns true, the caller frees t; else there is nothing to free. */
static bool
jwt_token_split(struct jwt_token *t, const char *token)
{
	const char	*first, *second, *end;
	char		*p;
	ssize_t		 header, payload, signature;
	size_t		 len, room;

	len = strnlen(token, JWT_MAX + 1);
	if (len > JWT_MAX)
		return (false);
	end = token + len;
	if ((first = strchr(token, '.')) == NULL ||
	    (second = strchr(first + 1, '.')) == NULL ||
	    strchr(second + 1, '.') != NULL)
		return (false);

	/* Decoding never makes text longer, so one block holds all parts. */
	if ((p = malloc(len)) == NULL)
		return (false);
	room = len;
	header = base64url_decode(p, room, token, (size_t)(first - token));
	if (header <= 0)
		goto fail;
	room -= (size_t)header;
	payload = base64url_decode(p + header, room, first + 1,
	    (size_t)(second - first - 1));
	if (payload <= 0)
		goto fail;
	room -= (size_t)payload;
	signature = base64url_decode(p + header + payload, room, second + 1,
	    (size_t)(end - second - 1));
	if (signature <= 0)
		goto fail;

	t->block = (unsigned char *)p;
	t->signing_input = token;
	t->signing_input_len = (size_t)(second - token);
	t->header = p;
	t->header_len = (size_t)header;
	t->payload = p + header;
	t->payload_len = (size_t)payload;
	t->signature = p + header + payload;
	t->signature_len = (size_t)signature;
	return (true);

fail:
	free(p);
	return (false);
}

/* The parts are as good as the token. */
static void
jwt_token_free(struct jwt_token *t)
{
	OPENSSL_cleanse(t->block, t->header_len + t->payload_len +
	    t->signature_len);
	free(t->block);
	t->block = NULL;
}

static bool
jwt_mac(const struct jwt_key *key, const char *input, size_t len,
    unsigned char *mac, size_t *mac_len)
{
	const struct jwt_algorithm	*a = jwt_algorithm_find(key->alg);

	/* RFC 7518 section 3.2: a shorter secret MUST NOT be used. */
	if (a == NULL || key->secret == NULL || key->secret_len < a->size)
		return (false);
	if (key->mac != NULL)
		return (EVP_MAC_init(key->mac, NULL, 0, NULL) == 1 &&
		    EVP_MAC_update(key->mac, (const unsigned char *)input,
		    len) == 1 && EVP_MAC_final(key->mac, mac, mac_len,
		    JWT_MAC_MAX) == 1 && *mac_len == a->size);
	return (EVP_Q_mac(NULL, "HMAC", NULL, a->digest, NULL, key->secret,
	    key->secret_len, (const unsigned char *)input, len, mac,
	    JWT_MAC_MAX, mac_len) != NULL && *mac_len == a->size);
}

static bool
jwt_signature_right(const struct jwt_key *key, const struct jwt_token *t)
{
	unsigned char	mac[JWT_MAC_MAX];
	size_t		len;
	bool		right;

	if (!jwt_mac(key, t->signing_input, t->signing_input_len, mac, &len))
		return (false);
	right = t->signature_len == len &&
	    CRYPTO_memcmp(t->signature, mac, len) == 0;
	OPENSSL_cleanse(mac, sizeof(mac));
	return (right);
}

/* The key whose header the token has, to the byte, if it names that key. */
static const struct jwt_key *
jwt_key_of_header(const struct jwt_key *key, const char *token)
{
	size_t	 len = strcspn(token, ".");

	while (key != NULL && (*key->kid == '\0' || *key->header == '\0' ||
	    strlen(key->header) != len ||
	    memcmp(key->header, token, len) != 0))
		key = key->previous;
	return (key);
}

/* The key of that kid; NULL if there is none. */
static const struct jwt_key *
jwt_key_find(const struct jwt_key *key, const char *kid)
{
	while (key != NULL && (*key->kid == '\0' ||
	    strcmp(key->kid, kid) != 0))
		key = key->previous;
	return (key);
}

static bool
jwt_signed_by_any(const struct jwt_key *key, const struct jwt_token *t)
{
	while (key != NULL && !jwt_signature_right(key, t))
		key = key->previous;
	return (key != NULL);
}

/*
 * Allows the members alg, typ and kid only, so crit, jwk, jku, zip and future
 * ones need no list. *signer is the key that kid names; NULL without kid.
 */
static enum jwt_result
jwt_check_header(const struct jwt_key *key, const struct jwt_token *t,
    const struct jwt_key **signer)
{
	const char	*alg, *typ, *kid;
	json_t		*json;
	enum jwt_result	 result;

	*signer = NULL;
	if (key->alg == NULL)
		return (JWT_BAD_HEADER);
	result = jwt_parse(t->header, t->header_len, 1, JWT_BAD_HEADER, &json);
	if (result != JWT_OK)
		return (result);

	alg = json_string_value(json_object_get(json, "alg"));
	typ = json_string_value(json_object_get(json, "typ"));
	kid = json_string_value(json_object_get(json, "kid"));
	if (kid != NULL)
		*signer = jwt_key_find(key, kid);
	if (alg == NULL || typ == NULL || strcmp(alg, key->alg) != 0 ||
	    (OPENSSL_strcasecmp(typ, "at+jwt") != 0 &&
	    OPENSSL_strcasecmp(typ, "application/at+jwt") != 0) ||
	    json_object_size(json) != (*signer != NULL ? 3 : 2))
		result = JWT_BAD_HEADER;
	json_decref(json);
	return (result);
}
