/* SPDX-License-Identifier: ISC */
/* Text of others on a terminal: what is replaced, cut and how wide it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/terminal.h"

static void
assert_shown(const char *s, const char *expected)
{
	char	 out[64];

	terminal_text(s, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void
test_what_stays(void **state)
{
	static const char *const texts[] = {
		"", "a", " ~", "Zo\xc3\xab \xe6\xa0\xbc", "\xf0\x9f\x98\x80",
		"\xc2\xa0",				/* a blank */
		"\xd9\x86\xd8\xa7\xd9\x85\xe2\x80\x8c\xd9\x87\xd8\xa7",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
		"e\xcc\x81", "\xef\xbf\xbd",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_shown(texts[i], texts[i]);
}

static void
test_what_is_replaced(void **state)
{
	static const char *const texts[] = {
		"\x01", "\t", "\n", "\r", "\x1b", "\x1f", "\x7f",
		"\xc2\x80", "\xc2\x85", "\xc2\x9b", "\xc2\x9f",	/* C1 */
		"\xc2\xad",		/* soft hyphen */
		"\xd8\x9c",		/* Arabic letter mark */
		"\xe2\x80\x8b",		/* zero width space */
		"\xe2\x80\x8e", "\xe2\x80\x8f",			/* marks */
		"\xe2\x80\xa8", "\xe2\x80\xa9",			/* lines */
		"\xe2\x80\xaa", "\xe2\x80\xae",			/* embedding */
		"\xe2\x81\xa6", "\xe2\x81\xa9",			/* isolates */
		"\xef\xbb\xbf",		/* byte order mark */
		"\xf3\xa0\x81\x81",	/* a tag */
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_shown(texts[i], "?");
	assert_shown("a\x1b[31m\xe2\x80\xae" "b\n", "a?[31m?b?");
}

/* One for each byte; what comes after it is read again. */
static void
test_what_is_no_utf_8(void **state)
{
	(void)state;
	assert_shown("\xff", "?");
	assert_shown("\x80" "a", "?a");
	assert_shown("a\xc3", "a?");
	assert_shown("\xc3" "a", "?a");
	assert_shown("\xe2\x80", "??");
	assert_shown("\xed\xa0\x80", "???");	/* a surrogate */
	assert_shown("\xe2\x82\xc3\xa9", "??\xc3\xa9");
}

/* Never in the middle of a character. */
static void
test_it_is_cut(void **state)
{
	static const char *const expected[] = {
		"", "a", "a", "a\xc3\xa9", "a\xc3\xa9?", "a\xc3\xa9?",
		"a\xc3\xa9?", "a\xc3\xa9?\xe2\x82\xac",
		"a\xc3\xa9?\xe2\x82\xac",
	};
	char	 out[16];
	size_t	 size;

	(void)state;
	for (size = 1; size <= sizeof(expected) / sizeof(expected[0]); size++) {
		memset(out, 'x', sizeof(out));
		terminal_text("a\xc3\xa9\n\xe2\x82\xac", out, size);
		assert_string_equal(out, expected[size - 1]);
		assert_int_equal(out[size], 'x');
	}
}

static void
test_the_width(void **state)
{
	(void)state;
	assert_int_equal(terminal_width(""), 0);
	assert_int_equal(terminal_width("abc"), 3);
	assert_int_equal(terminal_width("Zo\xc3\xab"), 3);
	assert_int_equal(terminal_width("\xe6\xa0\xbc\xe8\x95\xbe"), 4);
	assert_int_equal(terminal_width("e\xcc\x81"), 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_what_stays),
		cmocka_unit_test(test_what_is_replaced),
		cmocka_unit_test(test_what_is_no_utf_8),
		cmocka_unit_test(test_it_is_cut),
		cmocka_unit_test(test_the_width),
	};

	return (cmocka_run_group_tests_name("terminal", tests, NULL, NULL));
}
