/* SPDX-License-Identifier: ISC */
/* A token's times and audiences, in every form that RFC 7519 allows. */

#include "jwt_fixture.h"

#define NOW	INT64_C(1795346626)	/* verify()'s: a second after IAT */

/* The verdict at NOW on a token with this exp. */
static enum jwt_result
with_exp(const char *exp)
{
	return (replaced("1795347525", exp));
}

/* The verdict at NOW, with 60 seconds of leeway, on a token with this iat. */
static enum jwt_result
with_iat(const char *iat)
{
	static char	payload[4000], token[8000];

	snprintf(payload, sizeof(payload), "{" TEXTS
	    "\"iat\":%s,\"exp\":1795347525}", iat);
	sign(token, HEADER, payload);
	return (verify_at(token, NOW, 60));
}

/* The same for an nbf. */
static enum jwt_result
with_nbf(const char *nbf)
{
	static char	payload[4000], token[8000];

	snprintf(payload, sizeof(payload), "{" TEXTS TIMES ",\"nbf\":%s}", nbf);
	sign(token, HEADER, payload);
	return (verify_at(token, NOW, 60));
}

static enum jwt_result
with_aud(const char *aud)
{
	return (replaced("\"" AUD "\"", aud));
}

/* Expired from exp on, even within the second that exp is in. */
static void
test_exp(void **state)
{
	(void)state;
	assert_int_equal(with_exp("1795346627"), JWT_OK);
	assert_int_equal(with_exp("1795346626"), JWT_EXPIRED);
	assert_int_equal(with_exp("1795346625"), JWT_EXPIRED);
	assert_int_equal(with_exp("1795346627.0"), JWT_OK);
	assert_int_equal(with_exp("1795346627.25"), JWT_OK);
	assert_int_equal(with_exp("1795346626.75"), JWT_EXPIRED);
	assert_int_equal(with_exp("1795346626.0"), JWT_EXPIRED);
	assert_int_equal(with_exp("1795346625.999"), JWT_EXPIRED);
	assert_int_equal(with_exp("1795347525e0"), JWT_OK);
	assert_int_equal(with_exp("1.795347525E+9"), JWT_OK);
	assert_int_equal(with_exp("0"), JWT_EXPIRED);
	assert_int_equal(with_exp("-1"), JWT_EXPIRED);
	assert_int_equal(with_exp("-1.5"), JWT_EXPIRED);
	assert_int_equal(with_exp("1e-300"), JWT_EXPIRED);
	assert_int_equal(with_exp("-0.0"), JWT_EXPIRED);
}

/* What does not fit into 64 bits is no time, whatever its type. */
static void
test_huge_times(void **state)
{
	static const char *const	huge[] = {
		"9223372036854775808", "-9223372036854775809", "1e19",
		"9223372036854775808.0", "-9.3e18", "1e300", "-1e300", "1e400",
		"-1e400", "NaN", "Infinity", "-Infinity",
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		if (with_exp(huge[i]) != JWT_BAD_CLAIMS ||
		    with_iat(huge[i]) != JWT_BAD_CLAIMS ||
		    with_nbf(huge[i]) != JWT_BAD_CLAIMS)
			fail_msg("accepted %s", huge[i]);
	}
	assert_int_equal(with_exp("9223372036854775807"), JWT_OK);
	assert_int_equal(with_exp("9.2233720368547748e18"), JWT_OK);
	assert_int_equal(with_iat("-9223372036854775808"), JWT_OK);
	assert_int_equal(with_iat("-9223372036854775808.0"), JWT_OK);
	assert_int_equal(with_nbf("-9.2233720368547748e18"), JWT_OK);
}

static void
test_iat(void **state)
{
	(void)state;
	assert_int_equal(with_iat("1795346686"), JWT_OK);
	assert_int_equal(with_iat("1795346685.5"), JWT_OK);
	assert_int_equal(with_iat("1795346686.0"), JWT_OK);
	assert_int_equal(with_iat("1795346686.001"), JWT_BAD_CLAIMS);
	assert_int_equal(with_iat("1795346687"), JWT_BAD_CLAIMS);
	assert_int_equal(with_iat("-1"), JWT_OK);
	assert_int_equal(with_iat("-1.5"), JWT_OK);
	assert_int_equal(with_iat("1e10"), JWT_BAD_CLAIMS);
	assert_int_equal(with_iat("9223372036854775807"), JWT_BAD_CLAIMS);
}

static void
test_nbf(void **state)
{
	static const char *const	malformed[] = {
		"null", "true", "\"\"", "\"1795346625\"", "[]", "[1795346625]",
		"{}",
	};
	size_t	i;

	(void)state;
	assert_int_equal(with_nbf("0"), JWT_OK);
	assert_int_equal(with_nbf("-1.5"), JWT_OK);
	assert_int_equal(with_nbf("1795346626"), JWT_OK);
	assert_int_equal(with_nbf("1795346686"), JWT_OK);
	assert_int_equal(with_nbf("1795346685.5"), JWT_OK);
	assert_int_equal(with_nbf("1795346686.5"), JWT_BAD_CLAIMS);
	assert_int_equal(with_nbf("1795346687"), JWT_BAD_CLAIMS);
	assert_int_equal(with_nbf("1e10"), JWT_BAD_CLAIMS);
	assert_int_equal(with_nbf("9223372036854775807"), JWT_BAD_CLAIMS);
	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		if (with_nbf(malformed[i]) != JWT_BAD_CLAIMS)
			fail_msg("accepted %s", malformed[i]);
	}
	assert_int_equal(with_nbf("0,\"nbf\":0"), JWT_BAD_CLAIMS);
}

/* What a handler sees is whole seconds, and our own audience. */
static void
test_claims_read(void **state)
{
	static const char	payload[] = "{" "\"iss\":\"" ISS "\","
	    "\"aud\":[\"x\",\"" AUD "\"],\"sub\":\"" SUB "\","
	    "\"client_id\":\"keel\",\"sid\":\"" SID "\",\"jti\":\"" JTI "\","
	    "\"iat\":1795346624.5,\"nbf\":-2.5,\"exp\":1795347525.5}";
	struct jwt_claims	claims, expect;
	char			token[2000];

	(void)state;
	fill(&expect);
	expect.nbf = -2;
	sign(token, HEADER, payload);
	assert_int_equal(jwt_verify(&key, token, ISS, AUD, NOW, 0, &claims),
	    JWT_OK);
	assert_memory_equal(&claims, &expect, sizeof(expect));
}

static void
test_aud(void **state)
{
	static const char *const	good[] = {
		"\"" AUD "\"", "[\"" AUD "\"]", "[\"" AUD "\",\"other\"]",
		"[\"other\",\"" AUD "\"]", "[\"\",\"" AUD "\",\"\"]",
		"[\"" AUD "\",\"" AUD "\"]", "[\"keel-\\u0061pi\"]",
	};
	static const char *const	bad[] = {
		"\"\"", "\"other\"", "[]", "[\"other\"]", "[\"\"]",
		"[\"Keel-api\"]", "[\"" AUD " \"]", "[\"keel-ap\"]",
		"[\"keel-api,other\"]", "[[\"" AUD "\"]]",
		"{\"" AUD "\":\"" AUD "\"}", "[{\"aud\":\"" AUD "\"}]",
		"[\"" AUD "\",1]", "[1,\"" AUD "\"]", "[\"" AUD "\",null]",
		"[null]", "[true]", "[\"" AUD "\",[\"" AUD "\"]]", "null",
		"true", "1", "[\"" AUD "\\u0000\"]",
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (with_aud(good[i]) != JWT_OK)
			fail_msg("refused %s", good[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (with_aud(bad[i]) != JWT_BAD_CLAIMS)
			fail_msg("no JWT_BAD_CLAIMS for %s", bad[i]);
	}
}

/* As many audiences as fit into a token; ours may be anywhere. */
static void
test_many_audiences(void **state)
{
	char	aud[6000] = "[";
	size_t	i;

	(void)state;
	for (i = 0; i < 800; i++)
		strcat(aud, "\"\",");
	i = strlen(aud);
	strcpy(aud + i, "\"" AUD "\"]");
	assert_int_equal(with_aud(aud), JWT_OK);
	strcpy(aud + i, "\"other\"]");
	assert_int_equal(with_aud(aud), JWT_BAD_CLAIMS);
	strcpy(aud + i, "0]");
	assert_int_equal(with_aud(aud), JWT_BAD_CLAIMS);

	/* A thousand do not: see JWT_MAX. */
	for (i = 0; i < 200; i++)
		strcpy(aud + 2401 + i * 3, "\"\",");
	strcat(aud, "\"" AUD "\"]");
	assert_int_equal(with_aud(aud), JWT_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_exp),
		cmocka_unit_test(test_huge_times),
		cmocka_unit_test(test_iat),
		cmocka_unit_test(test_nbf),
		cmocka_unit_test(test_claims_read),
		cmocka_unit_test(test_aud),
		cmocka_unit_test(test_many_audiences),
	};

	return (cmocka_run_group_tests_name("jwt_claims", tests, NULL, NULL));
}
