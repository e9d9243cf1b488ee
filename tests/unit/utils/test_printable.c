/* SPDX-License-Identifier: ISC */
/* What is escaped for a terminal, and what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/printable.h"

static const char *
printable(const char *s)
{
	static char	 out[256];
	struct text	 t = text_in(out, sizeof(out));

	text_puts_printable(&t, s);
	assert_false(t.cut);
	assert_int_equal(t.len, strlen(out));
	return (out);
}

static void
test_stays(void **state)
{
	static const char *const texts[] = {
		"", "a b", "{\"a\": \"\\u001b\\\\\"}", "\xc3\xa4",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xd7\x90",	/* Hebrew */
		"\xe2\x80\x8d",		/* a joiner */
		"\xc2\xa0", "~",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(printable(texts[i]), texts[i]);
}

static void
test_is_escaped(void **state)
{
	static const char *const table[][2] = {
		{ "\x1b[31m", "\\u001b[31m" }, { "a\nb", "a\\u000ab" },
		{ "\r", "\\u000d" }, { "\t", "\\u0009" }, { "\x7f", "\\u007f" },
		{ "\x01", "\\u0001" }, { "\x1f", "\\u001f" },
		{ "\xc2\x80", "\\u0080" }, { "\xc2\x9b" "2J", "\\u009b2J" },
		{ "\xc2\x9f", "\\u009f" },
		{ "\xe2\x80\xa8", "\\u2028" }, { "\xe2\x80\xa9", "\\u2029" },
		{ "\xe2\x80\x8e", "\\u200e" }, { "\xe2\x80\x8f", "\\u200f" },
		{ "\xe2\x80\xaa", "\\u202a" }, { "\xe2\x80\xae", "\\u202e" },
		{ "\xe2\x81\xa6", "\\u2066" }, { "\xe2\x81\xa9", "\\u2069" },
		{ "\xd8\x9c", "\\u061c" },
		/* Not UTF-8. */
		{ "a\xff" "b", "a\\ufffdb" }, { "\xc3", "\\ufffd" },
		{ "\x9b", "\\ufffd" }, { "\xc0\x80", "\\ufffd\\ufffd" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(printable(table[i][0]), table[i][1]);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_stays),
		cmocka_unit_test(test_is_escaped),
	};

	return (cmocka_run_group_tests_name("printable", tests, NULL, NULL));
}
