/* SPDX-License-Identifier: ISC */
/* Attacks with a token's header, segments and signature. */

#include "jwt_fixture.h"
#include "utils/base64url.h"

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
		/* The same texts, with JSON escapes. */
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

/* jansson would recurse into the nested header. */
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

	/* A right signature of a text that is not strict base64url. */
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

	/* A token of JWT_MAX bytes is read, a longer one is not. */
	memset(token, 'A', sizeof(token));
	memcpy(token, good, (size_t)(second - good) + 1);
	token[JWT_MAX] = '\0';
	/* If no base64url text has this length, change the test's claims. */
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
	/* Incomplete. */
	for (i = 1; i < sizeof(mac); i++) {
		strcpy(token, good);
		encode(token + (signature - good), mac, i);
		assert_int_equal(verify(token), JWT_BAD_SIGNATURE);
	}
	/* Of the 64 last characters one is right, and 48 are not strict. */
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

	/* Any other character in the header or the payload. */
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

	/* A server without its secret accepts no token. */
	sign_raw(token, good, "", 0);
	k.secret = "";
	k.secret_len = 0;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_SIGNATURE);
	k.secret = NULL;
	assert_int_equal(jwt_verify(&k, token, ISS, AUD, IAT, 0, &claims),
	    JWT_BAD_SIGNATURE);

	/* A signature is only valid with the key's algorithm. */
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

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_deep_header),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_other_keys),
	};

	return (cmocka_run_group_tests_name("jwt_attacks", tests, NULL, NULL));
}
