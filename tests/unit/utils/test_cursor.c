/* SPDX-License-Identifier: ISC */
/* Cursors: read back as written, refused when changed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

#include "product.h"
#include "utils/base64url.h"
#include "utils/cursor.h"

#define SECRET	"0123456789abcdef0123456789abcdef"
#define SCOPE	"list_users"
#define TEXT	"-email\x1f" "017f22e2\x1f" "ada@example.org"
#define LONGEST	(CURSOR_TEXT_MAX - 1)

static unsigned char	key[CURSOR_KEY];

static int
setup(void **state)
{
	(void)state;
	return (cursor_key(SECRET, strlen(SECRET), key) ? 0 : -1);
}

/* In blocks of exactly the sizes that the header allows to write. */
static char *
seal(const char *scope, const char *text)
{
	char	*out = malloc(CURSOR_MAX);

	if (cursor_seal(key, scope, text, out))
		return (out);
	free(out);
	return (NULL);
}

static bool
opens(const char *scope, const char *cursor, const char *expect)
{
	char	*text = malloc(CURSOR_TEXT_MAX), *copy = strdup(cursor);
	bool	 fine = cursor_open(key, scope, copy, text);

	if (fine && expect != NULL)
		assert_string_equal(text, expect);
	free(copy);
	free(text);
	return (fine);
}

static void
assert_round_trip(const char *text)
{
	char	*cursor = seal(SCOPE, text);
	size_t	 bytes = CURSOR_MAC + strlen(text);

	assert_non_null(cursor);
	assert_int_equal(strlen(cursor), (bytes * 4 + 2) / 3);
	assert_true(strlen(cursor) < CURSOR_MAX);
	assert_true(opens(SCOPE, cursor, text));
	free(cursor);
}

static void
test_round_trip(void **state)
{
	(void)state;
	assert_round_trip(TEXT);
	assert_round_trip("");
	assert_round_trip("a");
	assert_round_trip("ab");
	assert_round_trip("abc");
	assert_round_trip("\x01\x7f\xff\"\\\r\n %");
	assert_round_trip("Jürgen €");
}

/* Of every length: the longest fits, one more byte is refused. */
static void
test_length(void **state)
{
	char	text[LONGEST + 2];
	size_t	len;

	(void)state;
	for (len = 0; len <= LONGEST; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		assert_round_trip(text);
	}
	memset(text, 'x', LONGEST + 1);
	text[LONGEST + 1] = '\0';
	assert_null(seal(SCOPE, text));
}

/* The MAC is wrong anyway, but a longer cursor must not be decoded either. */
static void
test_too_long_to_open(void **state)
{
	static char	cursor[2 * CURSOR_MAX];
	size_t		len;

	(void)state;
	for (len = 1380; len < sizeof(cursor); len++) {
		memset(cursor, 'w', len);	/* without a NUL */
		cursor[len] = '\0';
		assert_false(opens(SCOPE, cursor, NULL));
	}
}

/* A cursor is not valid in another scope. */
static void
test_scope(void **state)
{
	static const char *const	 others[] = { "", "list_user",
	    "list_users2", "List_users", "list_sessions", " list_users" };
	char				*cursor = seal(SCOPE, TEXT);
	size_t				 i;

	(void)state;
	assert_non_null(cursor);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(opens(others[i], cursor, NULL));
	assert_true(opens(SCOPE, cursor, TEXT));
	free(cursor);
}

/* Bytes cannot be moved between the scope and the text. */
static void
test_scope_and_text(void **state)
{
	unsigned char	 data[CURSOR_MAC + 8];
	char		*cursor = seal("ab", "cd"), moved[64];
	ssize_t		 len;

	(void)state;
	assert_non_null(cursor);
	len = base64url_decode(data, sizeof(data), cursor, strlen(cursor));
	assert_int_equal(len, CURSOR_MAC + 2);
	free(cursor);

	data[CURSOR_MAC] = 'd';
	base64url_encode(moved, sizeof(moved), data, CURSOR_MAC + 1);
	assert_false(opens("abc", moved, NULL));
	memcpy(data + CURSOR_MAC, "bcd", 3);
	base64url_encode(moved, sizeof(moved), data, CURSOR_MAC + 3);
	assert_false(opens("a", moved, NULL));
}

static void
test_long_scope(void **state)
{
	char	scope[CURSOR_TEXT_MAX + 200], text[LONGEST + 1], *cursor;

	(void)state;
	memset(scope, 's', sizeof(scope));
	scope[sizeof(scope) - 1] = '\0';
	memset(text, 't', LONGEST);
	text[LONGEST] = '\0';
	/* 128 bytes, of scope and NUL. */
	scope[127] = '\0';
	assert_non_null(cursor = seal(scope, text));
	assert_true(opens(scope, cursor, text));
	scope[127] = 's';
	assert_false(opens(scope, cursor, NULL));
	scope[128] = '\0';
	assert_null(seal(scope, text));
	assert_false(opens(scope, cursor, NULL));
	scope[128] = 's';
	assert_null(seal(scope, ""));
	free(cursor);
}

static void
test_every_bit(void **state)
{
	unsigned char	 data[CURSOR_MAC + sizeof(TEXT)];
	char		*cursor = seal(SCOPE, TEXT), text[CURSOR_MAX];
	ssize_t		 len;
	size_t		 bit;

	(void)state;
	assert_non_null(cursor);
	len = base64url_decode(data, sizeof(data), cursor, strlen(cursor));
	assert_int_equal(len, CURSOR_MAC + strlen(TEXT));
	for (bit = 0; bit < (size_t)len * 8; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		base64url_encode(text, sizeof(text), data, (size_t)len);
		if (opens(SCOPE, text, NULL))
			fail_msg("bit %zu", bit);
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	base64url_encode(text, sizeof(text), data, (size_t)len);
	assert_string_equal(text, cursor);
	assert_true(opens(SCOPE, text, TEXT));
	free(cursor);
}

/* Changes every character to every other: no two cursors have the same text. */
static void
test_every_character(void **state)
{
	char		*cursor, before;
	size_t		 i, len;
	unsigned	 c, extra;

	(void)state;
	for (extra = 0; extra < 3; extra++) {
		assert_non_null(cursor = seal(SCOPE, "abc" + extra));
		for (i = 0; cursor[i] != '\0'; i++) {
			before = cursor[i];
			for (c = 0; c < 256; c++) {
				cursor[i] = (char)c;
				if ((char)c != before &&
				    opens(SCOPE, cursor, NULL))
					fail_msg("%u at %zu", c, i);
			}
			cursor[i] = before;
		}
		len = strlen(cursor);
		for (i = 0; i < len; i++) {
			assert_false(opens(SCOPE, cursor + 1 + i, NULL));
			before = cursor[i];
			cursor[i] = '\0';
			assert_false(opens(SCOPE, cursor, NULL));
			cursor[i] = before;
		}
		for (c = 1; c < 256; c++) {
			cursor[len] = (char)c;
			cursor[len + 1] = '\0';
			assert_false(opens(SCOPE, cursor, NULL));
		}
		free(cursor);
	}
}

static void
test_invalid(void **state)
{
	static const char *const	 bad[] = { "", " ", "A", "AA", "AAAA",
	    "AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAA==", "!!!!", "not a cursor", "\xff\xfe" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (opens(SCOPE, bad[i], NULL))
			fail_msg("\"%s\"", bad[i]);
	}
}

/* A text that contains a NUL, with the MAC of the part before it. */
static void
test_nul(void **state)
{
	unsigned char	 data[64], mac[CURSOR_KEY];
	char		 cursor[128];

	(void)state;
	HMAC(EVP_sha256(), key, CURSOR_KEY, (const unsigned char *)SCOPE "\0"
	    "abc", strlen(SCOPE) + 4, mac, NULL);
	memcpy(data, mac, CURSOR_MAC);
	memcpy(data + CURSOR_MAC, "abc\0def", 7);
	base64url_encode(cursor, sizeof(cursor), data, CURSOR_MAC + 3);
	assert_true(opens(SCOPE, cursor, "abc"));
	base64url_encode(cursor, sizeof(cursor), data, CURSOR_MAC + 4);
	assert_false(opens(SCOPE, cursor, NULL));
	base64url_encode(cursor, sizeof(cursor), data, CURSOR_MAC + 7);
	assert_false(opens(SCOPE, cursor, NULL));
}

static void
test_key(void **state)
{
	unsigned char	 mine[CURSOR_KEY], again[CURSOR_KEY];
	char		*cursor = seal(SCOPE, TEXT), text[CURSOR_TEXT_MAX];
	size_t		 bit;

	(void)state;
	/* Not the secret itself; the same secret gives the same key. */
	assert_memory_not_equal(key, SECRET, CURSOR_KEY);
	assert_true(cursor_key(SECRET, strlen(SECRET), again));
	assert_memory_equal(key, again, CURSOR_KEY);
	assert_true(cursor_key(SECRET, strlen(SECRET) - 1, again));
	assert_memory_not_equal(key, again, CURSOR_KEY);

	/* A release that makes another key refuses the cursors before it. */
	HMAC(EVP_sha256(), SECRET, strlen(SECRET),
	    (const unsigned char *)PRODUCT " cursor", strlen(PRODUCT " cursor"),
	    again, NULL);
	assert_memory_equal(key, again, CURSOR_KEY);

	assert_non_null(cursor);
	for (bit = 0; bit < CURSOR_KEY * 8; bit++) {
		memcpy(mine, key, sizeof(mine));
		mine[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(cursor_open(mine, SCOPE, cursor, text));
	}
	assert_true(cursor_open(key, SCOPE, cursor, text));
	free(cursor);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_too_long_to_open),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_scope_and_text),
		cmocka_unit_test(test_long_scope),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_key),
	};

	return (cmocka_run_group_tests_name("cursor", tests, setup, NULL));
}
