/* SPDX-License-Identifier: ISC */
/* Hexadecimal digits, both ways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/hex.h"

static void
test_every_character_has_its_value(void **state)
{
	const char	*lower, *upper;
	int		 c;

	(void)state;
	for (c = 1; c < 256; c++) {
		lower = strchr(HEX_LOWER, c);
		upper = strchr(HEX_UPPER, c);
		assert_int_equal(hex_value((char)c),
		    lower != NULL ? lower - HEX_LOWER :
		    upper != NULL ? upper - HEX_UPPER : -1);
	}
	assert_int_equal(hex_value('\0'), -1);
}

static void
test_every_byte_has_its_pair(void **state)
{
	char	 pair[2];
	int	 byte;

	(void)state;
	for (byte = 0; byte < 256; byte++) {
		hex_pair(pair, (unsigned char)byte, HEX_UPPER);
		assert_int_equal(hex_value(pair[0]) * 16 +
		    hex_value(pair[1]), byte);
	}
	hex_pair(pair, 0xab, HEX_LOWER);
	assert_memory_equal(pair, "ab", 2);
	hex_pair(pair, 0xab, HEX_UPPER);
	assert_memory_equal(pair, "AB", 2);
}

/* Into as many bytes as it needs. */
static void
test_text(void **state)
{
	static const unsigned char	 bytes[] = { 0, 0x7f, 0x80, 0xff };
	char				*out = malloc(2 * sizeof(bytes) + 1);

	(void)state;
	hex_text(out, bytes, sizeof(bytes));
	assert_string_equal(out, "007f80ff");
	hex_text(out, bytes, 0);
	assert_string_equal(out, "");
	free(out);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_every_character_has_its_value),
		cmocka_unit_test(test_every_byte_has_its_pair),
		cmocka_unit_test(test_text),
	};

	return (cmocka_run_group_tests_name("hex", tests, NULL, NULL));
}
