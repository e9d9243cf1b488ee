/* SPDX-License-Identifier: ISC */
/* Tokens: what is signed, and what is refused. */

#include "jwt_fixture.h"

#include <jansson.h>

static void
test_algorithms(void **state)
{
	(void)state;
	assert_int_equal(jwt_algorithm_min_secret("hs256"), 0);
	assert_int_equal(jwt_algorithm_min_secret("none"), 0);
	assert_int_equal(jwt_algorithm_min_secret("RS256"), 0);
	assert_int_equal(jwt_algorithm_min_secret("HS256 "), 0);
	assert_int_equal(jwt_algorithm_min_secret(""), 0);
	assert_int_equal(jwt_algorithm_min_secret(NULL), 0);
	assert_int_equal(jwt_algorithm_min_secret("HS256"), 32);
	assert_int_equal(jwt_algorithm_min_secret("HS384"), 48);
	assert_int_equal(jwt_algorithm_min_secret("HS512"), 64);
}

static void
test_sign_and_verify(void **state)
{
	static const char *const algorithms[] = { "HS256", "HS384", "HS512" };
	struct jwt_claims	in, out;
	struct jwt_key		k = { .secret = SECRET, .secret_len = 64 };
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

		/* It fits exactly or is refused. */
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

/* Tokens made by python-jose 3.3 with the same claims. */
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
	struct jwt_key		k = { .secret = SECRET };
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
		/* The claims are in the same order, so tokens are equal. */
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
	k.secret_len = 32;
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	k.secret_len = 0;
	assert_int_equal(jwt_sign(&k, &claims, token, sizeof(token)), -1);
	strcpy(claims.client_id, "\xff");
	assert_int_equal(jwt_sign(&key, &claims, token, sizeof(token)), -1);
	assert_string_equal(token, "");

	/* Each of these needs six bytes in JSON, so the token is too long. */
	fill(&claims);
	memset(claims.iss, 1, sizeof(claims.iss) - 1);
	memset(claims.aud, 1, sizeof(claims.aud) - 1);
	assert_int_equal(jwt_sign(&key, &claims, token, sizeof(token)), -1);
	assert_string_equal(token, "");
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
		assert_int_equal(replaced(quoted, other), i == 6 ? JWT_OK :
		    i == 7 ? JWT_EXPIRED : JWT_BAD_CLAIMS);
		/* A duplicate claim, the second one with the right value. */
		snprintf(other, sizeof(other), "%s\"\",%s", quoted, quoted);
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
		/* A number for a string, a string for a number. */
		snprintf(other, sizeof(other), "%s%s,\"x\":", quoted,
		    i < 6 ? "1795347525" : "\"1795347525\"");
		assert_int_equal(replaced(quoted, other), JWT_BAD_CLAIMS);
	}

	assert_int_equal(replaced(ISS, "https://keel.example/"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(ISS, "https://evil.example"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(AUD, "Keel-api"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, ""), JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, "1"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced(SUB, SUB "\\u0000"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced("}", ",\"scope\":\"a b\"}"), JWT_OK);
	assert_int_equal(replaced("}", ",\"act\":{\"sub\":[1]}}"), JWT_OK);
	/* Four levels at most; brackets in a text are none. */
	assert_int_equal(replaced("}", ",\"x\":[[[1]],[],[],[],[]]}"),
	    JWT_OK);
	assert_int_equal(replaced("}", ",\"x\":{\"y\":{\"z\":{}}}}"), JWT_OK);
	assert_int_equal(replaced("}", ",\"x\":[[[[1]]]]}"), JWT_BAD_CLAIMS);
	assert_int_equal(replaced("}", ",\"x\":{\"y\":{\"z\":{\"w\":{}}}}}"),
	    JWT_BAD_CLAIMS);
	assert_int_equal(replaced("\"keel\"", "\"[{[{\\\"[{\\\\\""), JWT_OK);

	/* The longest client_id, and one that is a byte longer. */
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

/* Each allocation of jansson fails in turn. */
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
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_no_memory),
	};

	return (cmocka_run_group_tests_name("jwt", tests, NULL, NULL));
}
