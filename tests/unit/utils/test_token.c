/* SPDX-License-Identifier: ISC */
/* Tokens of HTTP. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "utils/token.h"

#define ALL	"!#$%&'*+-.^_`|~0123456789" \
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void
test_characters(void **state)
{
	unsigned	 n = 0;
	int		 c;

	(void)state;
	assert_false(token_has('\0'));
	for (c = 1; c < 256; c++) {
		assert_int_equal(token_has((char)c), strchr(ALL, c) != NULL);
		n += token_has((char)c);
	}
	assert_int_equal(n, 77);
}

static void
test_length(void **state)
{
	(void)state;
	assert_int_equal(token_length(ALL), 77);
	assert_int_equal(token_length(""), 0);
	assert_int_equal(token_length("a"), 1);
	assert_int_equal(token_length("ab c"), 2);
	assert_int_equal(token_length(" a"), 0);
	assert_int_equal(token_length("a=b"), 1);
	assert_int_equal(token_length("a\xc3\xa9"), 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_length),
	};

	return (cmocka_run_group_tests_name("token", tests, NULL, NULL));
}
