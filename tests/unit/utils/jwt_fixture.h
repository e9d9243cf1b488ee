/* SPDX-License-Identifier: ISC */
/* What the tests of tokens share. */

#ifndef TESTS_UTILS_JWT_FIXTURE_H
#define TESTS_UTILS_JWT_FIXTURE_H

/* What the test_jwt*.c share: one key, one set of claims. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		"\"client_id\":\"keel\",\"sid\":\"" SID "\"," \
		"\"jti\":\"" JTI "\","
#define TIMES	"\"iat\":1795346625,\"exp\":1795347525"
#define PAYLOAD	"{" TEXTS TIMES "}"

static const struct jwt_key key = {
	.alg = "HS256", .secret = SECRET, .secret_len = 32
};

/* base64url by OpenSSL's encoder, independent of the code under test. */
static inline size_t
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
static inline void
sign_raw(char *token, const char *input, const char *secret, size_t len)
{
	unsigned char	mac[EVP_MAX_MD_SIZE];
	unsigned int	n;

	assert_non_null(HMAC(EVP_sha256(), secret, (int)len,
	    (const unsigned char *)input, strlen(input), mac, &n));
	n = (unsigned int)snprintf(token, 8000, "%s.", input);
	encode(token + n, mac, 32);
}

static inline void
sign(char *token, const char *header, const char *payload)
{
	static char	input[8000];
	size_t		n;

	n = encode(input, header, strlen(header));
	input[n++] = '.';
	encode(input + n, payload, strlen(payload));
	sign_raw(token, input, SECRET, 32);
}

static inline enum jwt_result
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

static inline enum jwt_result
verify(const char *token)
{
	return (verify_at(token, IAT + 1, 0));
}

static inline enum jwt_result
with_header(const char *header)
{
	static char	token[8000];

	sign(token, header, PAYLOAD);
	return (verify(token));
}

static inline enum jwt_result
with_payload(const char *payload)
{
	static char	token[8000];

	sign(token, HEADER, payload);
	return (verify(token));
}

/* Verifies PAYLOAD with the first occurrence of a text replaced. */
static inline enum jwt_result
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

static inline void
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

#endif
