/* SPDX-License-Identifier: ISC */
/* Two keys, while the secret is replaced: which one may have signed a token. */

#include "jwt_fixture.h"

#include "utils/base64url.h"

#define OTHER_SECRET	"another-secret-of-thirty-two-by."
#define THIRD_SECRET	"a-third-secret-that-nobody-has.."

static struct jwt_key	current, previous, third;

static int
setup(void **state)
{
	(void)state;
	current = (struct jwt_key){ .alg = "HS256", .secret = SECRET,
	    .secret_len = 32, .previous = &previous };
	previous = (struct jwt_key){ .alg = "HS256", .secret = OTHER_SECRET,
	    .secret_len = 32 };
	third = (struct jwt_key){ .alg = "HS256", .secret = THIRD_SECRET,
	    .secret_len = 32 };
	return (jwt_key_name(&current) && jwt_key_name(&previous) &&
	    jwt_key_name(&third) ? 0 : -1);
}

static int
setup_prepared(void **state)
{
	return (setup(state) == 0 && jwt_key_prepare(&current) &&
	    jwt_key_prepare(&previous) && jwt_key_prepare(&third) ? 0 : -1);
}

static int
teardown(void **state)
{
	(void)state;
	jwt_key_free(&current);
	jwt_key_free(&previous);
	jwt_key_free(&third);
	return (0);
}

static enum jwt_result
verdict(const struct jwt_key *keys, const char *token)
{
	struct jwt_claims	claims;

	return (jwt_verify(keys, token, ISS, AUD, IAT, 0, &claims));
}

static enum jwt_result
signed_by(const struct jwt_key *signer)
{
	struct jwt_claims	claims;
	char			token[JWT_MAX + 1];

	fill(&claims);
	assert_true(jwt_sign(signer, &claims, token, sizeof(token)) > 0);
	return (verdict(&current, token));
}

/* The verdict on a token with that member in its header, signed by a secret. */
static enum jwt_result
with_kid(const char *secret, const char *kid)
{
	char	header[200], input[2000], token[8000];
	size_t	n;

	snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":"
	    "\"at+jwt\"%s%s}", *kid != '\0' ? ",\"kid\":" : "", kid);
	n = encode(input, header, strlen(header));
	input[n++] = '.';
	encode(input + n, PAYLOAD, strlen(PAYLOAD));
	sign_raw(token, input, secret, 32);
	return (verdict(&current, token));
}

static const char *
quoted(const char *kid)
{
	static char	text[64];

	snprintf(text, sizeof(text), "\"%s\"", kid);
	return (text);
}

/* 16 digits, which only the secret decides. */
static void
test_kid(void **state)
{
	struct jwt_key	same = { .secret = SECRET, .secret_len = 32 };

	(void)state;
	assert_int_equal(strspn(current.kid, "0123456789abcdef"), 16);
	assert_int_equal(strlen(current.kid), 16);
	assert_string_not_equal(current.kid, previous.kid);
	assert_true(jwt_key_name(&same));
	assert_string_equal(same.kid, current.kid);
	same.secret_len = 33;
	assert_true(jwt_key_name(&same));
	assert_string_not_equal(same.kid, current.kid);
}

static void
test_header_of_a_signed_token(void **state)
{
	struct jwt_claims	claims;
	char			token[JWT_MAX + 1], header[200], expect[200];
	ssize_t			n;

	(void)state;
	fill(&claims);
	assert_true(jwt_sign(&current, &claims, token, sizeof(token)) > 0);
	n = base64url_decode(header, sizeof(header), token,
	    strcspn(token, "."));
	assert_true(n > 0);
	header[n] = '\0';
	snprintf(expect, sizeof(expect), "{\"alg\":\"HS256\",\"typ\":"
	    "\"at+jwt\",\"kid\":\"%s\"}", current.kid);
	assert_string_equal(header, expect);
}

static void
test_each_key_has_its_own_kid(void **state)
{
	(void)state;
	assert_int_equal(signed_by(&current), JWT_OK);
	assert_int_equal(signed_by(&previous), JWT_OK);
	assert_int_equal(signed_by(&third), JWT_BAD_HEADER);
	assert_int_equal(with_kid(SECRET, quoted(current.kid)), JWT_OK);
	assert_int_equal(with_kid(OTHER_SECRET, quoted(previous.kid)), JWT_OK);

	/* The kid of one key, and the signature of the other. */
	assert_int_equal(with_kid(OTHER_SECRET, quoted(current.kid)),
	    JWT_BAD_SIGNATURE);
	assert_int_equal(with_kid(SECRET, quoted(previous.kid)),
	    JWT_BAD_SIGNATURE);
}

/* As versions before this one signed them. */
static void
test_without_kid_each_key_is_tried(void **state)
{
	(void)state;
	assert_int_equal(with_kid(SECRET, ""), JWT_OK);
	assert_int_equal(with_kid(OTHER_SECRET, ""), JWT_OK);
	assert_int_equal(with_kid(THIRD_SECRET, ""), JWT_BAD_SIGNATURE);
}

static void
test_after_the_rotation(void **state)
{
	(void)state;
	current.previous = NULL;
	assert_int_equal(signed_by(&current), JWT_OK);
	assert_int_equal(signed_by(&previous), JWT_BAD_HEADER);
	assert_int_equal(with_kid(SECRET, ""), JWT_OK);
	assert_int_equal(with_kid(OTHER_SECRET, ""), JWT_BAD_SIGNATURE);
}

static void
test_kids_that_no_key_has(void **state)
{
	static const char *const	bad[] = {
		"\"\"", "\"1\"", "\"../../dev/null\"", "\"' OR 1=1 --\"",
		"null", "true", "1", "1.5", "[]", "{}",
	};
	char	text[64];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (with_kid(SECRET, bad[i]) != JWT_BAD_HEADER)
			fail_msg("no JWT_BAD_HEADER for kid %s", bad[i]);
	}
	/* A part of it, more than it, in capital letters, twice, in a list. */
	snprintf(text, sizeof(text), "\"%.15s\"", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "\"%s0\"", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "\"%s\\u0000\"", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "\"A%.15s\"", current.kid + 1);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "\"%s\",\"kid\":\"%s\"", current.kid,
	    current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "[\"%s\"]", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);

	/* Beside a right kid, too, nothing else may stand. */
	snprintf(text, sizeof(text), "\"%s\",\"crit\":[]", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
	snprintf(text, sizeof(text), "\"%s\",\"cty\":\"JWT\"", current.kid);
	assert_int_equal(with_kid(SECRET, text), JWT_BAD_HEADER);
}

/* A key without a kid accepts none, not even an empty one. */
static void
test_keys_without_kid(void **state)
{
	(void)state;
	current.kid[0] = previous.kid[0] = '\0';
	if (current.mac != NULL) {	/* they have one header then */
		jwt_key_free(&current);
		jwt_key_free(&previous);
		assert_true(jwt_key_prepare(&current));
		assert_true(jwt_key_prepare(&previous));
	}
	assert_int_equal(with_kid(SECRET, "\"\""), JWT_BAD_HEADER);
	assert_int_equal(with_kid(SECRET, ""), JWT_OK);
	assert_int_equal(signed_by(&previous), JWT_OK);
}

/* Prepared or not, a key signs the same; each token begins anew. */
static void
test_prepared_keys_sign_the_same(void **state)
{
	struct jwt_key		plain = current, long_secret = current;
	struct jwt_claims	claims;
	char			token[JWT_MAX + 1], expect[JWT_MAX + 1];

	(void)state;
	plain.mac = NULL;
	fill(&claims);
	assert_true(jwt_sign(&plain, &claims, expect, sizeof(expect)) > 0);
	assert_int_equal(with_kid(THIRD_SECRET, quoted(current.kid)),
	    JWT_BAD_SIGNATURE);
	assert_true(jwt_sign(&current, &claims, token, sizeof(token)) > 0);
	assert_string_equal(token, expect);
	assert_int_equal(strncmp(token, current.header,
	    strlen(current.header)), 0);
	assert_int_equal(verdict(&current, token), JWT_OK);
	token[strlen(token) - 2] ^= 1;
	assert_int_equal(verdict(&current, token), JWT_BAD_SIGNATURE);
	assert_int_equal(verdict(&current, expect), JWT_OK);

	long_secret.alg = "HS512";
	long_secret.secret_len = 64;
	assert_true(jwt_key_prepare(&long_secret));
	assert_true(jwt_sign(&long_secret, &claims, token, sizeof(token)) > 0);
	assert_int_equal(verdict(&long_secret, token), JWT_OK);
	assert_int_equal(verdict(&current, token), JWT_BAD_HEADER);
	jwt_key_free(&long_secret);
}

static void
test_what_cannot_be_prepared(void **state)
{
	struct jwt_key	shorter = { .alg = "HS256", .secret = SECRET,
			    .secret_len = 31 };
	struct jwt_key	unknown = { .alg = "none", .secret = SECRET,
			    .secret_len = 32 };

	(void)state;
	assert_false(jwt_key_prepare(&shorter));
	assert_false(jwt_key_prepare(&unknown));
	assert_null(shorter.mac);
	assert_null(unknown.mac);
}

#define BOTH(test)							\
	cmocka_unit_test_setup(test, setup),				\
	cmocka_unit_test_setup_teardown(test, setup_prepared, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		BOTH(test_kid),
		BOTH(test_header_of_a_signed_token),
		BOTH(test_each_key_has_its_own_kid),
		BOTH(test_without_kid_each_key_is_tried),
		BOTH(test_after_the_rotation),
		BOTH(test_kids_that_no_key_has),
		BOTH(test_keys_without_kid),
		cmocka_unit_test_setup_teardown(
		    test_prepared_keys_sign_the_same, setup_prepared,
		    teardown),
		cmocka_unit_test(test_what_cannot_be_prepared),
	};

	return (cmocka_run_group_tests_name("jwt_keys", tests, NULL, NULL));
}
