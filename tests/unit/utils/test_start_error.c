/* SPDX-License-Identifier: ISC */
/* The error message that ends the start: one line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/start_error.h"

static void
test_one_line(void **state)
{
	static const char *const	cases[][2] = {
		{ "", "" },
		{ "a", "a" },
		{ "a\nb", "a b" },
		{ "a\r\nb\tc", "a  b c" },
		{ "a\n", "a" },
		{ "a \r\n\t ", "a" },
		{ "\n", "" },
		{ " a", " a" },
		{ "\x01", "\x01" },
	};
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(start_error("%s", cases[i][0]),
		    cases[i][1]);
}

/* A message may be put into the next one; it stays until the one after it. */
static void
test_two_at_once(void **state)
{
	const char	*first = start_error("%d", 1), *second;

	(void)state;
	second = start_error("%s, %d", first, 2);
	assert_string_equal(first, "1");
	assert_string_equal(second, "1, 2");
}

static void
test_long_messages_are_cut(void **state)
{
	char	 text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(start_error("%s", text)), 1023);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_long_messages_are_cut),
	};

	return (cmocka_run_group_tests_name("start_error", tests, NULL, NULL));
}
