/* SPDX-License-Identifier: ISC */
/* Percent-encoding, both ways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/percent.h"

static void
test_percent_decode(void **state)
{
	char	plus[] = "a+b%2Fc%20d%C3%A9", empty[] = "", nul[] = "a%00";
	char	bad[] = "a%2", utf8[] = "%FF", raw[] = "a\x1f";

	(void)state;
	assert_true(percent_decode(plus));
	assert_string_equal(plus, "a+b/c d\xc3\xa9");
	assert_true(percent_decode(empty));
	assert_string_equal(empty, "");
	assert_false(percent_decode(nul));
	assert_false(percent_decode(bad));
	assert_false(percent_decode(utf8));
	assert_false(percent_decode(raw));
}

static void
test_undecodable(void **state)
{
	static const char *const	texts[] = {
		"\x01", "\x1f", "\x7f", "\n", "%", "%4", "%zz", "%4z", "%z4",
		"%00", "%0", "%-1", "%%41", "\x80", "%80", "%c3", "a\x7f",
	};
	char				copy[8];
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		strcpy(copy, texts[i]);
		if (percent_decode(copy))
			fail_msg("decoded %s as %s", texts[i], copy);
	}
}

/* A space, and every control character if it is encoded. */
static void
test_decodable(void **state)
{
	char	copy[8];
	int	i;

	(void)state;
	strcpy(copy, " a%20 ");
	assert_true(percent_decode(copy));
	assert_string_equal(copy, " a  ");
	for (i = 1; i < 0x80; i++) {
		snprintf(copy, sizeof(copy), "%%%02x", i);
		assert_true(percent_decode(copy));
		assert_int_equal(copy[0], i);
		assert_int_equal(copy[1], 0);
	}
}

static void
encodes(const char *text, const char *expect)
{
	char	out[64], *exact;
	size_t	need = strlen(expect) + 1, size;

	assert_true(percent_encode(text, out, sizeof(out)));
	assert_string_equal(out, expect);
	/* Into as many bytes as it needs, and into none fewer. */
	for (size = 0; size <= need; size++) {
		exact = malloc(size);
		assert_int_equal(percent_encode(text, exact, size),
		    size == need);
		if (size == need)
			assert_string_equal(exact, expect);
		free(exact);
	}
	assert_true(need <= PERCENT_ENCODED_SIZE(strlen(text)));
}

static void
test_percent_encode(void **state)
{
	char	text[256], out[PERCENT_ENCODED_SIZE(255)];
	int	i;

	(void)state;
	encodes("", "");
	encodes("a", "a");
	encodes("azAZ09-._~", "azAZ09-._~");
	encodes(" ", "%20");
	encodes("a b", "a%20b");
	encodes("ab c", "ab%20c");
	encodes("a+b&c=d%", "a%2Bb%26c%3Dd%25");
	encodes("/?#:@!$'()*,;", "%2F%3F%23%3A%40%21%24%27%28%29%2A%2C%3B");
	encodes("<>\"\r\n", "%3C%3E%22%0D%0A");
	encodes("J\xc3\xbcrgen", "J%C3%BCrgen");
	encodes("\x01\x7f\x80\xff", "%01%7F%80%FF");

	/* Every byte, and back again where it is text. */
	for (i = 1; i < 256; i++)
		text[i - 1] = (char)i;
	text[255] = '\0';
	assert_true(percent_encode(text, out, sizeof(out)));
	assert_int_equal(strlen(out), 66 + (255 - 66) * 3);
	assert_false(percent_decode(out));
	text[127] = '\0';
	assert_true(percent_encode(text, out, sizeof(out)));
	assert_true(percent_decode(out));
	assert_string_equal(out, text);

	/* Three for each is enough when each needs three. */
	memset(text, '%', 255);
	text[255] = '\0';
	assert_true(percent_encode(text, out, sizeof(out)));
	assert_false(percent_encode(text, out, sizeof(out) - 1));
}

static void
normalizes(const char *in, const char *expected)
{
	char	*s = strdup(in);

	assert_true(percent_normalize(s));
	assert_string_equal(s, expected);
	free(s);
}

static void
test_normalize(void **state)
{
	static const char *const	bad[] = {
		"%", "%4", "%zz", "%4z", "%z4", "%%", "a%", "%41%", "%4%31",
	};
	char				in[8];
	size_t				i;

	(void)state;
	normalizes("", "");
	normalizes("/a/b+c?", "/a/b+c?");
	normalizes("%41%5A%61%7a%30%39%2d%2e%5F%7E", "AZaz09-._~");
	normalizes("%40%5b%60%7b%2F%3a%2c", "%40%5B%60%7B%2F%3A%2C");
	normalizes("%00%1f%7f%ff%c3%a9", "%00%1F%7F%FF%C3%A9");
	/* Once, not twice. */
	normalizes("%25%34%31", "%2541");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(in, bad[i]);
		assert_false(percent_normalize(in));
		assert_in_range(strlen(in), 0, strlen(bad[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_percent_decode),
		cmocka_unit_test(test_undecodable),
		cmocka_unit_test(test_decodable),
		cmocka_unit_test(test_percent_encode),
		cmocka_unit_test(test_normalize),
	};

	return (cmocka_run_group_tests_name("percent", tests, NULL, NULL));
}
