/* SPDX-License-Identifier: ISC */
/*
 * The claims of our own tokens, which no JSON parser reads: what is taken there
 * is what the parser would have taken.
 */

#include "jwt_fixture.h"

#include "utils/jwt_claims.h"

/* The parser's reading: a blank before the text means nothing to it. */
static enum jwt_result
by_parser(const char *payload, struct jwt_claims *claims)
{
	char	text[8000];
	int	n = snprintf(text, sizeof(text), " %s", payload);

	memset(claims, 0, sizeof(*claims));
	return (jwt_claims_read(text, (size_t)n, AUD, claims));
}

/* In a block of its own size, so that ASan sees reads past it. */
static bool
is_own(const char *payload, struct jwt_claims *claims)
{
	size_t	 len = strlen(payload);
	char	*copy = malloc(len);
	bool	 own;

	memcpy(copy, payload, len);
	memset(claims, 0, sizeof(*claims));
	own = jwt_own_read(copy, len, AUD, claims);
	free(copy);
	return (own);
}

static unsigned
check(const char *payload)
{
	struct jwt_claims	own, parsed;

	if (!is_own(payload, &own))
		return (0);
	if (by_parser(payload, &parsed) != JWT_OK ||
	    memcmp(&own, &parsed, sizeof(own)) != 0)
		fail_msg("%s", payload);
	return (1);
}

static void
test_signed_tokens_are_read(void **state)
{
	struct jwt_claims	claims, expect;
	char			token[JWT_MAX + 1], payload[JWT_MAX + 1];
	static const int64_t	times[] = { 0, 1, EXP, 999999999999999999 };
	size_t			i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		fill(&expect);
		expect.exp = times[i];
		assert_true(jwt_sign(&key, &expect, token, sizeof(token)) > 0);
		snprintf(payload, sizeof(payload), "{" TEXTS
		    "\"iat\":%d,\"exp\":%lld}", IAT, (long long)times[i]);
		assert_true(is_own(payload, &claims));
		assert_memory_equal(&claims, &expect, sizeof(expect));
	}
}

/* Each byte of a payload is another one, is gone, or has one before it. */
static void
test_each_byte_is_changed(void **state)
{
	static const char	payload[] = PAYLOAD;
	static const char	bytes[] = "09a\"\\ {},:.-+eE~\x7f\x1f\xc3\n";
	char			changed[sizeof(payload) + 1];
	unsigned		taken = 0;
	size_t			at, i;

	(void)state;
	assert_int_equal(check(payload), 1);
	for (at = 0; at < sizeof(payload) - 1; at++) {
		memcpy(changed, payload, at);
		strcpy(changed + at, payload + at + 1);
		taken += check(changed);
		for (i = 0; i < sizeof(bytes) - 1; i++) {
			changed[at] = bytes[i];
			strcpy(changed + at + 1, payload + at + 1);
			taken += check(changed);
			strcpy(changed + at + 1, payload + at);
			taken += check(changed);
		}
	}
	assert_true(taken > 100);
}

static void
test_what_the_parser_must_read(void **state)
{
	static const char *const	payloads[] = {
		"", "{}", "{" TEXTS TIMES, "{" TEXTS TIMES "} ",
		" {" TEXTS TIMES "}", "{" TIMES "," TEXTS "\"x\":1}",
		"{" TEXTS TIMES ",\"nbf\":1}", "{" TEXTS TIMES ",\"x\":1}",
		"{" TEXTS "\"iat\":-1,\"exp\":2}",
		"{" TEXTS "\"iat\":01,\"exp\":2}",
		"{" TEXTS "\"iat\":00,\"exp\":2}",
		"{" TEXTS "\"iat\":1.5,\"exp\":2}",
		"{" TEXTS "\"iat\":1,\"exp\":}",
		"{" TEXTS "\"iat\":1,\"exp\":1000000000000000000}",
		"{" TEXTS "\"iat\":1,\"exp\":99999999999999999999}",
	};
	struct jwt_claims		claims;
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		if (is_own(payloads[i], &claims))
			fail_msg("taken: %s", payloads[i]);
	}
}

/* A text of each length around that of its member. */
static void
test_long_texts(void **state)
{
	struct jwt_claims	claims;
	char			text[301] = "", payload[8000];
	size_t			i;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(payload, sizeof(payload), "{\"iss\":\"%s\","
		    "\"aud\":\"" AUD "\",\"sub\":\"" SUB "\","
		    "\"client_id\":\"%s\",\"sid\":\"" SID "\","
		    "\"jti\":\"" JTI "\"," TIMES "}", text, text + (i > 63 ?
		    i - 63 : 0));
		assert_int_equal(is_own(payload, &claims),
		    i < sizeof(claims.iss));
		check(payload);
		text[i] = 'x';
	}
	snprintf(payload, sizeof(payload), "{\"iss\":\"" ISS "\","
	    "\"aud\":\"" AUD "\",\"sub\":\"" SUB "\",\"client_id\":\"%s\","
	    "\"sid\":\"" SID "\",\"jti\":\"" JTI "\"," TIMES "}", text + 236);
	assert_false(is_own(payload, &claims));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_signed_tokens_are_read),
		cmocka_unit_test(test_each_byte_is_changed),
		cmocka_unit_test(test_what_the_parser_must_read),
		cmocka_unit_test(test_long_texts),
	};

	return (cmocka_run_group_tests_name("jwt_own", tests, NULL, NULL));
}
