/* SPDX-License-Identifier: ISC */
/* Keyed hashes: they depend on the secret, the label and the text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/keyed_hash.h"

static const char *
hash(const char *secret, const char *label, const char *text)
{
	static char	 out[4][KEYED_HASH_TEXT];
	static size_t	 n;
	char		*h = out[n++ % 4];

	assert_true(keyed_hash(secret, strlen(secret), label, text, h));
	assert_int_equal(strlen(h), KEYED_HASH_TEXT - 1);
	assert_int_equal(strspn(h, "0123456789abcdef"), strlen(h));
	return (h);
}

static void
test_inputs(void **state)
{
	(void)state;
	assert_string_equal(hash("s", "label", "text"),
	    hash("s", "label", "text"));
	assert_string_not_equal(hash("t", "label", "text"),
	    hash("s", "label", "text"));
	assert_string_not_equal(hash("s", "other", "text"),
	    hash("s", "label", "text"));
	assert_string_not_equal(hash("s", "label", "Text"),
	    hash("s", "label", "text"));
	/* The boundary between label and text matters. */
	assert_string_not_equal(hash("s", "labelt", "ext"),
	    hash("s", "label", "text"));
	assert_string_not_equal(hash("s", "", "labeltext"),
	    hash("s", "label", "text"));
	assert_string_not_equal(hash("", "", ""), hash("", "", "a"));
}

/* Python's hmac computes the same. */
static void
test_value(void **state)
{
	(void)state;
	assert_string_equal(hash("secret", "keel test", "ada@example.com"),
	    "dec7370ebdac9641f9ae0bb65ae642f3"
	    "ad03be34193fa5f17b6c533b80377d73");
}

static void
test_bytes(void **state)
{
	unsigned char	 out[KEYED_HASH_BYTES + 1] = { [32] = 0xaa };

	(void)state;
	assert_true(keyed_hash_bytes("secret", 6, "keel test",
	    "ada@example.com", out));
	assert_int_equal(out[0], 0xde);
	assert_int_equal(out[31], 0x73);
	assert_int_equal(out[32], 0xaa);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_bytes),
	};

	return (cmocka_run_group_tests_name("keyed_hash", tests, NULL, NULL));
}
