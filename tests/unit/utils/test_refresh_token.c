/* SPDX-License-Identifier: ISC */
/* Refresh tokens: their bytes, their successors, their tags. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/refresh_token.h"

#define SECRET	"a key for tests, of which nobody knows"
#define OTHER	"another one, which is no more than that"
#define SESSION	"017f22e2-79b0-7cc3-98c4-dc0c0c073992"
#define ALPHABET							\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"		\
	"0123456789-_"

/* Python's hmac made it: the secret is 0, 1, 2, ... 31. */
#define TOKEN								\
	"keel_rt_AX8i4nmwfMOYxNwMDAc5kgABAgMEBQYHCAkKCwwNDg8"	\
	"QERITFBUWFxgZGhscHR4f2C5K4j8j0bVC86O_BvRgyg"
#define SECOND								\
	"keel_rt_AX8i4nmwfMOYxNwMDAc5kgVwss9ceGg1Ep_ue9l-zCa"	\
	"UT-OhTvmivtmdt5_ZM_p48SvBvshyRQQ88i9pAqGatQ"
#define THIRD								\
	"keel_rt_AX8i4nmwfMOYxNwMDAc5knHS0rHKhe2iupcL6fnNOfd"	\
	"yz1i5VMJFhss-8Pvpq2jWxJqPGnXpXVX7FCut54DZvA"

static const char *
first(const char *session)
{
	static char	 out[4][REFRESH_TOKEN_TEXT];
	static size_t	 n;
	char		*token = out[n++ % 4];

	assert_true(refresh_token_first(SECRET, strlen(SECRET), session,
	    token));
	return (token);
}

static const char *
next(const char *secret, const char *token)
{
	static char	 out[4][REFRESH_TOKEN_TEXT];
	static size_t	 n;
	char		*successor = out[n++ % 4];

	assert_true(refresh_token_next(secret, strlen(secret), token,
	    successor));
	return (successor);
}

static bool
is_ours(const char *secret, const char *token)
{
	bool	 ours = true;

	assert_true(refresh_token_is_ours(secret, strlen(secret), token,
	    &ours));
	return (ours);
}

static void
test_a_first_token(void **state)
{
	static const char	other[] = "ffffffff-ffff-4fff-bfff-ffffffffffff";
	const char	*token = first(SESSION);
	char		 id[UUID_TEXT];

	(void)state;
	assert_int_equal(strlen(token), 8 + 86);
	assert_memory_equal(token, "keel_rt_", 8);
	assert_int_equal(strspn(token + 8, ALPHABET), 86);
	assert_true(refresh_token_session(token, id));
	assert_string_equal(id, SESSION);
	assert_true(is_ours(SECRET, token));
	assert_false(is_ours(OTHER, token));
	assert_string_not_equal(token, first(SESSION));
	assert_true(refresh_token_session(first(other), id));
	assert_string_equal(id, other);
}

static void
test_successors(void **state)
{
	const char	*token = first(SESSION), *second, *third;
	char		 id[UUID_TEXT];

	(void)state;
	second = next(SECRET, token);
	assert_string_equal(second, next(SECRET, token));
	assert_string_not_equal(second, token);
	assert_true(is_ours(SECRET, second));
	assert_true(refresh_token_session(second, id));
	assert_string_equal(id, SESSION);
	third = next(SECRET, second);
	assert_string_not_equal(third, second);
	assert_string_not_equal(next(OTHER, token), second);
	assert_false(is_ours(SECRET, next(OTHER, token)));
	assert_true(is_ours(OTHER, next(OTHER, token)));
	/* The successor of one that another key made is a token of this one. */
	assert_true(is_ours(SECRET, next(SECRET, next(OTHER, token))));
}

static void
test_values(void **state)
{
	(void)state;
	assert_true(is_ours(SECRET, TOKEN));
	assert_string_equal(next(SECRET, TOKEN), SECOND);
	assert_string_equal(next(SECRET, SECOND), THIRD);
}

/* Another character anywhere: no token, or another successor and no tag. */
static void
test_each_character_counts(void **state)
{
	char		 token[REFRESH_TOKEN_TEXT], other[REFRESH_TOKEN_TEXT];
	char		 id[UUID_TEXT];
	const char	*c;
	size_t		 i, read = 0;

	(void)state;
	memcpy(token, TOKEN, sizeof(token));
	for (i = 0; i < sizeof(token) - 1; i++) {
		for (c = ALPHABET; *c != '\0'; c++) {
			if (*c == TOKEN[i])
				continue;
			token[i] = *c;
			assert_false(is_ours(SECRET, token));
			if (!refresh_token_session(token, id)) {
				assert_false(refresh_token_next(SECRET,
				    strlen(SECRET), token, other));
				continue;
			}
			read++;
			assert_string_not_equal(next(SECRET, token), SECOND);
		}
		token[i] = TOKEN[i];
	}
	/* All of the alphabet, but of the last character only four. */
	assert_int_equal(read, 85 * 63 + 3);
	assert_true(is_ours(SECRET, token));
}

static void
test_other_texts(void **state)
{
	static const char *const	others[] = {
		"", "keel_rt_", "keel_rt_A", "KEEL_RT_" "A", TOKEN "A",
		TOKEN "=", TOKEN "\n", " " TOKEN, "\xff", "a.b.c",
	};
	char	 text[REFRESH_TOKEN_TEXT], id[UUID_TEXT];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(refresh_token_session(others[i], id));
		assert_false(is_ours(SECRET, others[i]));
		assert_false(refresh_token_next(SECRET, strlen(SECRET),
		    others[i], text));
	}
	for (i = 0; i < sizeof(text) - 1; i++) {
		memcpy(text, TOKEN, sizeof(text));
		text[i] = '\0';
		assert_false(refresh_token_session(text, id));
		assert_false(is_ours(SECRET, text));
		text[i] = '.';
		assert_false(refresh_token_session(text, id));
	}
}

/* For the table: SHA-256 of the text, as sha256sum(1) makes it. */
static void
test_hash(void **state)
{
	char	 hash[REFRESH_TOKEN_HASH];

	(void)state;
	assert_true(refresh_token_hash("abc", hash));
	assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_a_first_token),
		cmocka_unit_test(test_successors),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_each_character_counts),
		cmocka_unit_test(test_other_texts),
		cmocka_unit_test(test_hash),
	};

	return (cmocka_run_group_tests_name("refresh_token", tests, NULL,
	    NULL));
}
