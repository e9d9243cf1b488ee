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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"
#include "utils/jwt.h"

#define ISS	"https://keel.example"
#define AUD	"keel-api"
#define SUB	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define SID	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define JTI	"017f22e2-79b0-7cc3-98c4-dc0c0c073991"
#define IAT	1795346625
#define EXP	1795347525
#define SECRET	"0123456789abcdef0123456789abcdef" \
		"0123456789abcdef0123456789abcdef"

#define HEADER	"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}"
#define TEXTS	"\"iss\":\"" ISS "\",\"aud\":\"" AUD "\"," \
		"\"sub\":\"" SUB "\"," \
		"\"client_id\":\"keel\",\"sid\":\"" SID "\",\"jti\":\"" JTI "\","
#define TIMES	"\"iat\":1795346625,\"exp\":1795347525"
#define PAYLOAD	"{" TEXTS TIMES "}"

static const struct jwt_key key = { "HS256", SECRET, 32 };

/* base64url by OpenSSL's encoder, to share nothing with what is tested. */
static size_t
encode(char *dst, const void *src, size_t len)
{
	size_t	i, n;

	n = (size_t)EVP_EncodeBlock((unsigned char *)dst, src, (int)len);
	while (n > 0 && dst[n - 1] == '=')
		n--;
	for (i = 0; i < n; i++) {
		if (dst[i] == '+')
			dst[i] = '-';
		else if (dst[i] == '/')
			dst[i] = '_';
	}
	dst[n] = '\0';
	return (n);
}

/* Signs text that is already base64url, with HMAC-SHA-256. */
static void
sign_raw(char *token, const char *input, const char *secret, size_t len)
{
	unsigned char	mac[EVP_MAX_MD_SIZE];
	unsigned int	n;

	assert_non_null(HMAC(EVP_sha256(), secret, (int)len,
	    (const unsigned char *)input, strlen(input), mac, &n));
	n = (unsigned int)snprintf(token, 8000, "%s.", input);
	encode(token + n, mac, 32);
}

static void
sign(char *token, const char *header, const char *payload)
{
	static char	input[8000];
	size_t		n;

	n = encode(input, header, strlen(header));
	input[n++] = '.';
	encode(input + n, payload, strlen(payload));
	sign_raw(token, input, SECRET, 32);
}

static enum jwt_result
verify_at(const char *token, int64_t now, int64_t leeway)
{
	static const struct jwt_claims	zero;
	struct jwt_claims		claims;
	enum jwt_result			result;
	char				*copy;

	copy = strdup(token);
	memset(&claims, 0xaa, sizeof(claims));
	result = jwt_verify(&key, copy, ISS, AUD, now, leeway, &claims);
	free(copy);
	if (result != JWT_OK)
		assert_memory_equal(&claims, &zero, sizeof(zero));
	return (result);
}

static enum jwt_result
verify(const char *token)
{
	return (verify_at(token, IAT + 1, 0));
}

static enum jwt_result
with_header(const char *header)
{
	static char	token[8000];

	sign(token, header, PAYLOAD);
	return (verify(token));
}

static enum jwt_result
with_payload(const char *payload)
{
	static char	token[8000];

	sign(token, HEADER, payload);
	return (verify(token));
}

static void
fill(struct jwt_claims *c)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->iss, ISS);
	strcpy(c->aud, AUD);
	strcpy(c->sub, SUB);
	strcpy(c->sid, SID);
	strcpy(c->jti, JTI);
	strcpy(c->client_id, "keel");
	c->iat = IAT;
	c->exp = EXP;
}

static void
test_algorithms(void **state)
{
	(void)state;
	assert_true(jwt_algorithm_known("HS256"));
	assert_true(jwt_algorithm_known("HS384"));
	assert_true(jwt_algorithm_known("HS512"));
	assert_false(jwt_algorithm_known("hs256"));
	assert_false(jwt_algorithm_known("none"));
	assert_false(jwt_algorithm_known("RS256"));
	assert_false(jwt_algorithm_known("HS256 "));
	assert_false(jwt_algorithm_known(""));
	assert_false(jwt_algorithm_known(NULL));
	assert_int_equal(jwt_algorithm_min_secret("HS256"), 32);
	assert_int_equal(jwt_algorithm_min_secret("HS384"), 48);
	assert_int_equal(jwt_algorithm_min_secret("HS512"), 64);
	assert_int_equal(jwt_algorithm_min_secret("none"), 0);
}

static void
test_sign_and_verify(void **state)
{
	static const char *const algorithms[] = { "HS256", "HS384", "HS512" };
	struct jwt_claims	in, out;
	struct jwt_key		k = { NULL, SECRET, 64 };
	char			*token, *exact;
	ssize_t			 len;
	size_t			 i;

	(void)state;
	fill(&in);
	token = malloc(JWT_MAX + 1);
	for (i = 0; i < 3; i++) {
		k.alg = algorithms[i];
		len = jwt_sign(&k, &in, token, JWT_MAX + 1);
		assert_true(len > 0);
		assert_int_equal(len, strlen(token));
		assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &out),
		    JWT_OK);
		assert_memory_equal(&in, &out, sizeof(in));
		assert_int_equal(jwt_verify_signature(&k, token), JWT_OK);

		/* It fits exactly or not at all. */
		exact = malloc((size_t)len + 1);
		assert_int_equal(jwt_sign(&k, &in, exact, (size_t)len + 1),
		    len);
		assert_string_equal(exact, token);
		free(exact);
	}
	for (i = 0; i <= (size_t)len; i++) {
		exact = malloc(i + 1);
		assert_int_equal(jwt_sign(&k, &in, exact, i), -1);
		if (i > 0)
			assert_string_equal(exact, "");
		free(exact);
	}
	free(token);
}

/* Tokens by python-jose 3.3, with the same claims. */
static void
test_tokens_of_another_library(void **state)
{
	static const char	body[] =
	    "eyJpc3MiOiJodHRwczovL2tlZWwuZXhhbXBsZSIsImF1ZCI6ImtlZWwtYXBpIi"
	    "wic3ViIjoiMDE3ZjIyZTItNzliMC03Y2MzLTk4YzQtZGMwYzBjMDczOThmIiwi"
	    "Y2xpZW50X2lkIjoia2VlbCIsInNpZCI6IjAxN2YyMmUyLTc5YjAtN2NjMy05OG"
	    "M0LWRjMGMwYzA3Mzk5MCIsImp0aSI6IjAxN2YyMmUyLTc5YjAtN2NjMy05OGM0"
	    "LWRjMGMwYzA3Mzk5MSIsImlhdCI6MTc5NTM0NjYyNSwiZXhwIjoxNzk1MzQ3NT"
	    "I1fQ";
	static const struct {
		const char	*alg;
		size_t		 secret_len;
		const char	*header;
		const char	*signature;
	} jose[] = {
		{ "HS256", 32, "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9",
		    "QhP-G6RN5taV_vC0BbSyImi2IdQWBuL7Jh8fLAduRbQ" },
		{ "HS384", 48, "eyJhbGciOiJIUzM4NCIsInR5cCI6ImF0K2p3dCJ9",
		    "bmS7Z5wPaXMgHglWm0UW6A4AJbKntZcdK7F95_fP1pUICGx1CCb2NC5Z"
		    "cseAL8y5" },
		{ "HS512", 64, "eyJhbGciOiJIUzUxMiIsInR5cCI6ImF0K2p3dCJ9",
		    "YnKHN7780JKqoIIX2enDqnoYacQmmiDjtCHk-8deawFF5nsBkW2Pm1H1"
		    "UNISIC41KhzllBJbgQiYK2Afe9WEAQ" },
	};
	struct jwt_claims	claims, expect;
	struct jwt_key		k = { NULL, SECRET, 0 };
	char			token[1024], ours[1024];
	size_t			i;

	(void)state;
	fill(&expect);
	for (i = 0; i < 3; i++) {
		snprintf(token, sizeof(token), "%s.%s.%s", jose[i].header,
		    body, jose[i].signature);
		k.alg = jose[i].alg;
		k.secret_len = jose[i].secret_len;
		assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0,
		    &claims), JWT_OK);
		assert_memory_equal(&claims, &expect, sizeof(expect));
		/* The claims are in the same order, so even this holds. */
		assert_true(jwt_sign(&k, &expect, ours, sizeof(ours)) > 0);
		assert_string_equal(ours, token);
	}
}

static void
test_sign_refuses(void **state)
{
	struct jwt_claims	claims;
	struct jwt_key		k = key;
	char			token[JWT_MAX + 100];

	(void)state;
	fill(&claims);
	k.alg = "none";
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	k.alg = NULL;
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	k.alg = "HS512";
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	k = key;
	k.secret_len = 31;
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	k.secret = NULL;
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	strcpy(claims.client_id, "\xff");
	assert_int_equal(jwt_sign(&key, &claims, token, sizeof(token)), -1);
	assert_string_equal(token, "");

	/* Six bytes of JSON for each of these: longer than a token may be. */
	fill(&claims);
	memset(claims.iss, 1, sizeof(claims.iss) - 1);
	memset(claims.aud, 1, sizeof(claims.aud) - 1);
	assert_int_equal(jwt_sign(&key, &claims, token, sizeof(token)), -1);
	assert_string_equal(token, "");
}

static void
test_header(void **state)
{
	static const char *const good[] = {
		HEADER,
		"{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}",
		" {\t\"alg\" : \"HS256\",\n\"typ\":\"at+jwt\" } ",
		"{\"alg\":\"HS256\",\"typ\":\"AT+JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"Application/At+Jwt\"}",
		/* The same texts, in JSON's other spelling. */
		"{\"\\u0061lg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS\\u0032\\u0035\\u0036\",\"typ\":\"at+jwt\"}",
	};
	static const char *const bad[] = {
		"{\"alg\":\"none\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"None\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"NONE\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"nOnE\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"\",\"typ\":\"at+jwt\"}",
		"{\"alg\":null,\"typ\":\"at+jwt\"}",
		"{\"alg\":256,\"typ\":\"at+jwt\"}",
		"{\"alg\":[\"HS256\"],\"typ\":\"at+jwt\"}",
		"{\"alg\":{\"HS256\":1},\"typ\":\"at+jwt\"}",
		"{\"alg\":\"hs256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"Hs256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256 \",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\\u0000\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS384\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS512\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"PS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"none\",\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\",\"typ\":\"at+jwt\"}",
		"{\"\\u0061lg\":\"none\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"typ\":\"at+jwt\"}",
		"{\"ALG\":\"HS256\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\"}",
		"{\"typ\":\"at+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt \"}",
		"{\"alg\":\"HS256\",\"typ\":\"xat+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"\"}",
		"{\"alg\":\"HS256\",\"typ\":null}",
		"{\"alg\":\"HS256\",\"typ\":1}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"crit\":[]}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"crit\":[\"b64\"],"
		    "\"b64\":false}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"b64\":true}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"zip\":\"DEF\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"1\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\","
		    "\"kid\":\"../../dev/null\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\","
		    "\"jku\":\"https://evil.example/jwks\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"jwk\":{\"kty\":"
		    "\"oct\",\"k\":\"AAAA\"}}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"x5c\":[\"AAAA\"]}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"x5u\":\"a\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"cty\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"\":\"\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}x",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}{}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",}",
		"{'alg':'HS256','typ':'at+jwt'}",
		"\xef\xbb\xbf" HEADER,
		"[" HEADER "]",
		"[]", "{}", "null", "1", "\"HS256\"", "{", "x", " ",
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (with_header(good[i]) != JWT_OK)
			fail_msg("refused %s", good[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (with_header(bad[i]) != JWT_BAD_HEADER)
			fail_msg("no JWT_BAD_HEADER for %s", bad[i]);
	}
}

/* jansson would recurse into what a stranger nests. */
static void
test_deep_header(void **state)
{
	char	header[2601];

	(void)state;
	memset(header, '[', 2600);
	header[2600] = '\0';
	assert_int_equal(with_header(header), JWT_BAD_HEADER);
	memcpy(header, "{\"alg\":\"\\\"[[[\",\"a\":", 20);
	assert_int_equal(with_header(header), JWT_BAD_HEADER);
	memset(header, ']', 2600);
	assert_int_equal(with_header(header), JWT_BAD_HEADER);
}

static void
test_segments(void **state)
{
	char	good[2000], token[8000], input[2000];
	char	*first, *second;

	(void)state;
	sign(good, HEADER, PAYLOAD);
	assert_int_equal(verify(good), JWT_OK);
	first = strchr(good, '.');
	second = strchr(first + 1, '.');

#define CHECK(result, ...) do {						\
	snprintf(token, sizeof(token), __VA_ARGS__);			\
	if (verify(token) != (result))					\
		fail_msg("wrong answer to %s", token);			\
} while (0)
	CHECK(JWT_MALFORMED, "%s", "");
	CHECK(JWT_MALFORMED, "%s", ".");
	CHECK(JWT_MALFORMED, "%s", "..");
	CHECK(JWT_MALFORMED, "%s", "...");
	CHECK(JWT_MALFORMED, "%s.", good);
	CHECK(JWT_MALFORMED, ".%s", good);
	CHECK(JWT_MALFORMED, "%s.AAAA", good);
	CHECK(JWT_MALFORMED, "%.*s", (int)(second - good), good);
	CHECK(JWT_MALFORMED, "%.*s.", (int)(second - good), good);
	CHECK(JWT_MALFORMED, "%.*s..%s", (int)(first - good), good,
	    second + 1);
	CHECK(JWT_MALFORMED, ".%s", first + 1);
	CHECK(JWT_MALFORMED, "%s", first);
	CHECK(JWT_MALFORMED, " %s", good);
	CHECK(JWT_MALFORMED, "%s ", good);
	CHECK(JWT_MALFORMED, "%s\n", good);
	CHECK(JWT_MALFORMED, "%.*s .%s", (int)(first - good), good, first + 1);
	CHECK(JWT_MALFORMED, "%s=", good);
	CHECK(JWT_MALFORMED, "%s==", good);
	CHECK(JWT_MALFORMED, "%.*s=%s", (int)(second - good), good, second);
	CHECK(JWT_MALFORMED, "Bearer %s", good);
	CHECK(JWT_BAD_SIGNATURE, "%.*s.AAAA", (int)(second - good), good);
	CHECK(JWT_BAD_SIGNATURE, "%sAAAA", good);

	/* The right signature over a text that is not strict base64url. */
	snprintf(input, sizeof(input), "%.*s=.%.*s", (int)(first - good),
	    good, (int)(second - first - 1), first + 1);
	sign_raw(token, input, SECRET, 32);
	assert_int_equal(verify(token), JWT_MALFORMED);
	snprintf(input, sizeof(input), "%.*s==", (int)(second - good), good);
	sign_raw(token, input, SECRET, 32);
	assert_int_equal(verify(token), JWT_MALFORMED);
	snprintf(input, sizeof(input), "%.*s\n", (int)(second - good), good);
	sign_raw(token, input, SECRET, 32);
	assert_int_equal(verify(token), JWT_MALFORMED);

	/* A token of JWT_MAX bytes is read, one of more is not. */
	memset(token, 'A', sizeof(token));
	memcpy(token, good, (size_t)(second - good) + 1);
	token[JWT_MAX] = '\0';
	/* If the length is not one of base64url, the test needs new claims. */
	assert_int_not_equal((JWT_MAX - (second + 1 - good)) % 4, 1);
	assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
	token[JWT_MAX] = 'A';
	token[JWT_MAX + 1] = '\0';
	assert_int_equal(verify(token), JWT_MALFORMED);
	token[JWT_MAX + 1] = 'A';
	token[sizeof(token) - 1] = '\0';
	assert_int_equal(verify(token), JWT_MALFORMED);
}

static void
test_signature(void **state)
{
	static const char	alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	char			good[2000], token[2000];
	unsigned char		mac[32];
	char			*signature, *last;
	size_t			i;
	int			bit, same;

	(void)state;
	sign(good, HEADER, PAYLOAD);
	signature = strrchr(good, '.') + 1;
	assert_int_equal(base64url_decode(mac, sizeof(mac), signature,
	    strlen(signature)), 32);

	for (i = 0; i < sizeof(mac); i++) {
		for (bit = 0; bit < 8; bit++) {
			mac[i] ^= (unsigned char)(1 << bit);
			strcpy(token, good);
			encode(token + (signature - good), mac, 32);
			assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
			mac[i] ^= (unsigned char)(1 << bit);
		}
	}
	/* Cut short. */
	for (i = 1; i < sizeof(mac); i++) {
		strcpy(token, good);
		encode(token + (signature - good), mac, i);
		assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
	}
	/* Of the 64 last characters one is right and 48 are no text at all. */
	same = 0;
	strcpy(token, good);
	last = token + strlen(token) - 1;
	for (i = 0; i < 64; i++) {
		*last = alphabet[i];
		switch (verify(token)) {
		case JWT_OK:
			same++;
			break;
		case JWT_BAD_SIGNATURE:
			same += 100;
			break;
		default:
			same += 10000;
			break;
		}
	}
	assert_int_equal(same, 1 + 15 * 100 + 48 * 10000);

	/* Any other character in header or payload. */
	for (i = 0; good + i < signature - 1; i++) {
		if (good[i] == '.')
			continue;
		strcpy(token, good);
		token[i] = token[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(verify(token), JWT_OK);
	}
}

static void
test_other_keys(void **state)
{
	struct jwt_claims	claims;
	struct jwt_key		k = key;
	char			good[2000], token[2000];
	char			*second;

	(void)state;
	sign(good, HEADER, PAYLOAD);
	second = strrchr(good, '.');
	*second = '\0';
	sign_raw(token, good, "another-secret-another-secret-32", 32);
	assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
	sign_raw(token, good, "", 0);
	assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
	sign_raw(token, good, SECRET, 31);
	assert_int_equal(verify(token), JWT_BAD_SIGNATURE);

	/* A host that lost its secret accepts nothing. */
	sign_raw(token, good, "", 0);
	k.secret = "";
	k.secret_len = 0;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_SIGNATURE);
	k.secret = NULL;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_SIGNATURE);

	/* A good signature is pinned to the algorithm of the key. */
	sign_raw(token, good, SECRET, 32);
	k = key;
	k.alg = "HS384";
	k.secret_len = 64;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_HEADER);
	k.alg = "none";
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_HEADER);
	k.alg = NULL;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_HEADER);
}

/* PAYLOAD with the first occurrence of a text replaced. */
static enum jwt_result
replaced(const char *from, const char *to)
{
	static char	payload[4000];
	const char	*at;

	at = strstr(PAYLOAD, from);
	assert_non_null(at);
	snprintf(payload, sizeof(payload), "%.*s%s%s", (int)(at - PAYLOAD),
	    PAYLOAD, to, at + strlen(from));
	return (with_payload(payload));
}

static void
test_claims(void **state)
{
	static const char *const names[] = { "iss", "aud", "sub", "client_id",
	    "sid", "jti", "iat", "exp" };
	char	quoted[16], other[64], text[80];
	size_t	i;

	(void)state;
	assert_int_equal(with_payload(PAYLOAD), JWT_OK);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\":", names[i]);
		snprintf(other, sizeof(other), "\"x%s\":", names[i]);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		snprintf(other, sizeof(other), "%snull,\"x\":", quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		snprintf(other, sizeof(other), "%s[],\"x\":", quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		snprintf(other, sizeof(other), "%strue,\"x\":", quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		snprintf(other, sizeof(other), "%s1.5,\"x\":", quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		/* A claim twice, the later one being the right one. */
		snprintf(other, sizeof(other), "%s\"\",%s", quoted, quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		/* A number for a text, a text for a number. */
		snprintf(other, sizeof(other), "%s%s,\"x\":", quoted,
		    i < 6 ? "1795347525" : "\"1795347525\"");
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
	}

	assert_int_equal(replaced(ISS, "https://keel.example/"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(ISS, "https://evil.example"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(AUD, "Keel-api"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced("\"" AUD "\"", "[\"" AUD "\"]"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, ""), JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, "1"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, SUB "\\u0000"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced("1795347525", "1795347525.0"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced("1795347525", "1795347525e0"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced("1795347525", "9223372036854775808"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced("1795347525", "1e400"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced("1795347525", "9223372036854775807"),
	    JWT_OK);
	assert_int_equal(replaced("1795347525", "-1"), JWT_EXPIRED);
	assert_int_equal(replaced("}", ",\"scope\":\"a b\"}"), JWT_OK);
	assert_int_equal(replaced("}", ",\"act\":{\"sub\":[1]}}"), JWT_OK);
	assert_int_equal(replaced("}", ",\"x\":[[[[[[1]]]]]]}"),
	    JWT_BAD_CLAIMS);

	/* The longest client_id, and one byte more. */
	assert_int_equal(replaced("\"keel\"", "\"\""), JWT_OK);
	memset(other, 'k', sizeof(other));
	snprintf(text, sizeof(text), "\"%.63s\"", other);
	assert_int_equal(replaced("\"keel\"", text), JWT_OK);
	snprintf(text, sizeof(text), "\"%.64s\"", other);
	assert_int_equal(replaced("\"keel\"", text), JWT_BAD_CLAIMS);

	assert_int_equal(with_payload("{}"), JWT_BAD_CLAIMS);
	assert_int_equal(with_payload("[]"), JWT_BAD_CLAIMS);
	assert_int_equal(with_payload("null"), JWT_BAD_CLAIMS);
	assert_int_equal(with_payload("Test"), JWT_BAD_CLAIMS);
	assert_int_equal(with_payload(PAYLOAD "x"), JWT_BAD_CLAIMS);
	assert_int_equal(with_payload("{\"a\":\"\xff\"}"), JWT_BAD_CLAIMS);
}

static void
test_times(void **state)
{
	char	token[2000];

	(void)state;
	sign(token, HEADER, PAYLOAD);
	assert_int_equal(verify_at(token, EXP - 1, 0), JWT_OK);
	assert_int_equal(verify_at(token, EXP, 0), JWT_EXPIRED);
	assert_int_equal(verify_at(token, EXP + 1, 0), JWT_EXPIRED);
	assert_int_equal(verify_at(token, EXP, 60), JWT_EXPIRED);
	assert_int_equal(verify_at(token, INT64_MAX, 60), JWT_EXPIRED);
	assert_int_equal(verify_at(token, IAT, 0), JWT_OK);
	assert_int_equal(verify_at(token, IAT - 1, 0), JWT_BAD_CLAIMS);
	assert_int_equal(verify_at(token, IAT - 60, 60), JWT_OK);
	assert_int_equal(verify_at(token, IAT - 61, 60), JWT_BAD_CLAIMS);
	assert_int_equal(verify_at(token, INT64_MIN, -1), JWT_BAD_CLAIMS);
}

static unsigned int	allocations, fail_at;

static void *
failing_malloc(size_t size)
{
	if (++allocations == fail_at)
		return (NULL);
	return (malloc(size));
}

/* jansson's memory fails once, at each of its allocations in turn. */
static void
test_no_memory(void **state)
{
	struct jwt_claims	in, out;
	char			good[2000], token[2000];
	unsigned int		total;

	(void)state;
	fill(&in);
	assert_true(jwt_sign(&key, &in, good, sizeof(good)) > 0);
	json_set_alloc_funcs(failing_malloc, free);

	fail_at = allocations = 0;
	assert_true(jwt_sign(&key, &in, token, sizeof(token)) > 0);
	total = allocations;
	assert_true(total > 8);
	for (fail_at = 1; fail_at <= total; fail_at++) {
		allocations = 0;
		if (jwt_sign(&key, &in, token, sizeof(token)) == -1)
			assert_string_equal(token, "");
		else
			assert_string_equal(token, good);
	}

	fail_at = allocations = 0;
	assert_int_equal(jwt_verify(&key, good, ISS, AUD, IAT, 0, &out),
	    JWT_OK);
	total = allocations;
	assert_true(total > 8);
	for (fail_at = 1; fail_at <= total; fail_at++) {
		allocations = 0;
		assert_int_not_equal(jwt_verify(&key, good, ISS, AUD, IAT, 0,
		    &out), JWT_OK);
	}
	json_set_alloc_funcs(malloc, free);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_sign_and_verify),
		cmocka_unit_test(test_tokens_of_another_library),
		cmocka_unit_test(test_sign_refuses),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_deep_header),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_no_memory),
	};

	return (cmocka_run_group_tests_name("jwt", tests, NULL, NULL));
}
