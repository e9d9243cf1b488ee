/* SPDX-License-Identifier: ISC */
/* Signs and verifies JSON Web Tokens with an HMAC (RFC 7519, RFC 9068). */

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"
#include "utils/jwt.h"

#define JWT_MAC_MAX	64

struct jwt_algorithm {
	const char	*name;
	const char	*header;
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
static bool		 jwt_mac(const struct jwt_key *, const char *, size_t,
			    unsigned char *, size_t *);
static bool		 jwt_signature_right(const struct jwt_key *,
			    const struct jwt_token *);
static bool		 jwt_nests(const char *, size_t, unsigned int);
static enum jwt_result	 jwt_parse(const char *, size_t, enum jwt_result,
			    json_t **);
static enum jwt_result	 jwt_check_header(const struct jwt_key *,
			    const struct jwt_token *);
static enum jwt_result	 jwt_read_claims(const struct jwt_token *,
			    struct jwt_claims *);
static bool		 jwt_get_text(const json_t *, const char *, char *,
			    size_t);
static bool		 jwt_get_uuid(const json_t *, const char *, char *);
static bool		 jwt_get_integer(const json_t *, const char *,
			    int64_t *);

static const struct jwt_algorithm algorithms[] = {
	{ "HS256", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", "SHA256", 32 },
	{ "HS384", "{\"alg\":\"HS384\",\"typ\":\"at+jwt\"}", "SHA384", 48 },
	{ "HS512", "{\"alg\":\"HS512\",\"typ\":\"at+jwt\"}", "SHA512", 64 },
};

size_t
jwt_algorithm_min_secret(const char *alg)
{
	const struct jwt_algorithm	*a = jwt_algorithm_find(alg);

	return (a != NULL ? a->size : 0);
}

ssize_t
jwt_sign(const struct jwt_key *key, const struct jwt_claims *claims,
    char *out, size_t outsize)
{
	const struct jwt_algorithm	*a;
	unsigned char			 mac[JWT_MAC_MAX];
	json_t				*json;
	char				*payload;
	ssize_t				 n;
	size_t				 len, mac_len;

	if (outsize == 0)
		return (-1);
	out[0] = '\0';
	if (outsize > JWT_MAX + 1)
		outsize = JWT_MAX + 1;
	if ((a = jwt_algorithm_find(key->alg)) == NULL)
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

	n = base64url_encode(out, outsize, a->header, strlen(a->header));
	if (n == -1) {
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
	struct jwt_token	t;
	enum jwt_result		result;
	int64_t			latest;

	memset(out, 0, sizeof(*out));
	if (!jwt_token_split(&t, token))
		return (JWT_MALFORMED);

	result = jwt_check_header(key, &t);
	if (result == JWT_OK && !jwt_signature_right(key, &t))
		result = JWT_BAD_SIGNATURE;
	if (result == JWT_OK)
		result = jwt_read_claims(&t, out);
	jwt_token_free(&t);

	if (result == JWT_OK) {
		if (__builtin_add_overflow(now, leeway, &latest))
			latest = leeway < 0 ? INT64_MIN : INT64_MAX;
		if (strcmp(out->iss, iss) != 0 || strcmp(out->aud, aud) != 0 ||
		    out->iat > latest)
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

/*
 * Returns whether JSON text is nested deeper than max. jansson recurses up to
 * 2048 levels, which a coroutine's stack cannot hold, and a client writes the
 * header.
 */
static bool
jwt_nests(const char *text, size_t len, unsigned int max)
{
	unsigned int	depth = 0;
	size_t		i;
	bool		string = false;

	for (i = 0; i < len; i++) {
		if (string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				string = false;
			continue;
		}
		switch (text[i]) {
		case '"':
			string = true;
			break;
		case '{':
		case '[':
			if (++depth > max)
				return (true);
			break;
		case '}':
		case ']':
			if (depth > 0)
				depth--;
			break;
		}
	}
	return (false);
}

/* On JWT_OK the caller owns *json, an object. Bad text gives `invalid`. */
static enum jwt_result
jwt_parse(const char *text, size_t len, enum jwt_result invalid,
    json_t **json)
{
	json_error_t	error;

	*json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (*json == NULL) {
		/* Without memory, jansson often reports no text at all. */
		if (json_error_code(&error) == json_error_out_of_memory ||
		    error.text[0] == '\0')
			return (JWT_MALFORMED);
		return (invalid);
	}
	if (!json_is_object(*json)) {
		json_decref(*json);
		*json = NULL;
		return (invalid);
	}
	return (JWT_OK);
}

static enum jwt_result
jwt_check_header(const struct jwt_key *key, const struct jwt_token *t)
{
	const char	*alg, *typ;
	json_t		*json;
	enum jwt_result	 result;

	if (key->alg == NULL || jwt_nests(t->header, t->header_len, 1))
		return (JWT_BAD_HEADER);
	result = jwt_parse(t->header, t->header_len, JWT_BAD_HEADER, &json);
	if (result != JWT_OK)
		return (result);

	/*
	 * Exactly two members are allowed, so crit, jwk, jku, kid, zip and
	 * future ones need no list.
	 */
	alg = json_string_value(json_object_get(json, "alg"));
	typ = json_string_value(json_object_get(json, "typ"));
	if (json_object_size(json) != 2 || alg == NULL || typ == NULL ||
	    strcmp(alg, key->alg) != 0 ||
	    (OPENSSL_strcasecmp(typ, "at+jwt") != 0 &&
	    OPENSSL_strcasecmp(typ, "application/at+jwt") != 0))
		result = JWT_BAD_HEADER;
	json_decref(json);
	return (result);
}

static enum jwt_result
jwt_read_claims(const struct jwt_token *t, struct jwt_claims *out)
{
	json_t		*json;
	enum jwt_result	 result;

	if (jwt_nests(t->payload, t->payload_len, 4))
		return (JWT_BAD_CLAIMS);
	result = jwt_parse(t->payload, t->payload_len, JWT_BAD_CLAIMS, &json);
	if (result != JWT_OK)
		return (result);

	if (!jwt_get_text(json, "iss", out->iss, sizeof(out->iss)) ||
	    !jwt_get_text(json, "aud", out->aud, sizeof(out->aud)) ||
	    !jwt_get_text(json, "client_id", out->client_id,
	    sizeof(out->client_id)) ||
	    !jwt_get_uuid(json, "sub", out->sub) ||
	    !jwt_get_uuid(json, "jti", out->jti) ||
	    !jwt_get_uuid(json, "sid", out->sid) ||
	    !jwt_get_integer(json, "iat", &out->iat) ||
	    !jwt_get_integer(json, "exp", &out->exp))
		result = JWT_BAD_CLAIMS;
	json_decref(json);
	return (result);
}

static bool
jwt_get_text(const json_t *json, const char *name, char *dst, size_t size)
{
	const json_t	*value = json_object_get(json, name);
	size_t		 len;

	if (!json_is_string(value))
		return (false);
	/* jansson refuses \u0000, so the text has no NUL of its own. */
	len = json_string_length(value);
	if (len >= size)
		return (false);
	memcpy(dst, json_string_value(value), len + 1);
	return (true);
}

static bool
jwt_get_uuid(const json_t *json, const char *name, char *dst)
{
	const json_t	*value = json_object_get(json, name);

	if (!json_is_string(value) ||
	    !uuid_parse(json_string_value(value), dst))
		return (false);
	return (strcmp(json_string_value(value), dst) == 0);
}

static bool
jwt_get_integer(const json_t *json, const char *name, int64_t *dst)
{
	const json_t	*value = json_object_get(json, name);

	if (!json_is_integer(value))
		return (false);
	*dst = json_integer_value(value);
	return (true);
}
