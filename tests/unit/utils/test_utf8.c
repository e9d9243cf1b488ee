/* SPDX-License-Identifier: ISC */
/* UTF-8: what is valid, and how long it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/utf8.h"

/* Checks a block of exactly len bytes, so that AddressSanitizer sees more. */
static bool
valid(const char *s, size_t len)
{
	char	*copy;
	bool	 result;

	copy = malloc(len > 0 ? len : 1);
	memcpy(copy, s, len);
	result = utf8_valid(copy, len);
	free(copy);
	return (result);
}

#define VALID(s)	assert_true(valid(s, sizeof(s) - 1))
#define INVALID(s)	assert_false(valid(s, sizeof(s) - 1))

static void
test_valid(void **state)
{
	(void)state;
	assert_true(utf8_valid(NULL, 0));
	VALID("");
	VALID("plain");
	VALID("a\0b");
	VALID("\x7f");
	VALID("\xc2\x80\xdf\xbf");
	VALID("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
	VALID("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void
test_invalid(void **state)
{
	(void)state;
	INVALID("\x80");
	INVALID("\xbf");
	INVALID("\xc0\x80");
	INVALID("\xc1\xbf");
	INVALID("\xe0\x9f\xbf");
	INVALID("\xf0\x8f\xbf\xbf");
	INVALID("\xed\xa0\x80");
	INVALID("\xed\xbf\xbf");
	INVALID("\xf4\x90\x80\x80");
	INVALID("\xf5\x80\x80\x80");
	INVALID("\xf8\x88\x80\x80\x80");
	INVALID("\xfe");
	INVALID("\xff");
	INVALID("\xc2");
	INVALID("\xc2" "a");
	INVALID("\xe2\x82");
	INVALID("\xe2\x82" "a");
	INVALID("\xf0\x9f\x98");
	INVALID("\xf0\x9f\x98" "a");
	INVALID("ok\xf0\x9f");
	INVALID("\xc2\xc2\x80");
}

/* Every first and second byte; two that continue follow (RFC 3629, 4). */
static void
test_every_beginning(void **state)
{
	static const struct {
		unsigned	 first, last, low, high;
		size_t		 size;
	} rows[] = {
		{ 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	char		 text[4] = { 0, 0, '\x80', '\xbf' };
	unsigned	 a, b;
	size_t		 i, expect;

	(void)state;
	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			for (i = 0, expect = 0; i < 9; i++) {
				if (a >= rows[i].first && a <= rows[i].last &&
				    b >= rows[i].low && b <= rows[i].high)
					expect = rows[i].size;
			}
			text[0] = (char)a;
			text[1] = (char)b;
			assert_int_equal(utf8_sequence(text, 4), expect);
		}
	}
	assert_int_equal(utf8_sequence(text, 0), 0);
}

static size_t
encode(unsigned int c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return (1);
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return (2);
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return (3);
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return (4);
}

static void
test_every_code_point(void **state)
{
	char		buf[5];
	size_t		n;
	unsigned int	c;

	(void)state;
	for (c = 1; c < 0x110000 + 0x1000; c++) {
		n = encode(c, buf);
		buf[n] = '\0';
		if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
			assert_false(utf8_valid(buf, n));
			continue;
		}
		if (!utf8_valid(buf, n) || utf8_valid(buf, n - 1) != (n == 1))
			fail_msg("U+%04X", c);
		if (utf8_length(buf) != 1)
			fail_msg("length of U+%04X", c);
	}
}

/* Of all pairs of bytes, only ASCII pairs and two-byte forms are valid. */
static void
test_every_pair(void **state)
{
	char	buf[2];
	int	a, b, count = 0;

	(void)state;
	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			buf[0] = (char)a;
			buf[1] = (char)b;
			count += utf8_valid(buf, 2);
		}
	}
	assert_int_equal(count, 128 * 128 + 30 * 64);
}

static void
check_strip(const char *text, const char *wanted)
{
	size_t	 len = utf8_strip(&text);

	assert_int_equal(strlen(wanted), len);
	assert_memory_equal(wanted, text, len);
}

static void
test_strip(void **state)
{
	(void)state;
	check_strip("", "");
	check_strip(" \t\xe2\x80\x83", "");
	check_strip("a", "a");
	check_strip(" a b\n", "a b");
	check_strip("\x1c\x1f\xc2\x85\xc2\xa0\xe3\x80\x80" "a\xe2\x80\xa8",
	    "a");
	/* U+200B and U+FEFF are no white space. */
	check_strip("\xe2\x80\x8b" "a\xef\xbb\xbf",
	    "\xe2\x80\x8b" "a\xef\xbb\xbf");
}

static void
test_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_length(""), 0);
	assert_int_equal(utf8_length("abc"), 3);
	assert_int_equal(utf8_length("J\xc3\xbcrgen"), 6);
	assert_int_equal(utf8_length("\xf0\x9f\x98\x80\xe2\x82\xac"), 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_every_beginning),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_length),
	};

	return (cmocka_run_group_tests_name("utf8", tests, NULL, NULL));
}
