/* SPDX-License-Identifier: ISC */
/* Forms: pairs, percent-encoding, malformed text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/form.h"

/*
 * Parses text in a block of its own size into "name:value;" per pair, with
 * "name;" where there is no value. Returns form_next()'s last result.
 */
static int
parse(const char *text, char *out, size_t size)
{
	struct form_pair	 pair;
	char			*copy, *cursor;
	size_t			 n = 0;
	int			 rc;

	cursor = copy = strdup(text);
	out[0] = '\0';
	while ((rc = form_next(&cursor, &pair)) == 1) {
		if (!pair.has_value)
			assert_string_equal(pair.value, "");
		n += (size_t)snprintf(out + n, size - n,
		    pair.has_value ? "%s:%s;" : "%s;", pair.name, pair.value);
		assert_true(n < size);
	}
	/* Another call gives the same result. */
	assert_int_equal(form_next(&cursor, &pair), rc);
	free(copy);
	return (rc);
}

static void
accepts(const char *text, const char *pairs)
{
	char	out[256];

	if (parse(text, out, sizeof(out)) != 0)
		fail_msg("refused \"%s\"", text);
	assert_string_equal(out, pairs);
}

static void
refuses(const char *text)
{
	char	out[256];

	if (parse(text, out, sizeof(out)) != -1)
		fail_msg("accepted \"%s\" as \"%s\"", text, out);
}

static void
test_pairs(void **state)
{
	(void)state;
	accepts("", "");
	accepts("a=1", "a:1;");
	accepts("a=1&b=2", "a:1;b:2;");
	accepts("a", "a;");
	accepts("a&b=", "a;b:;");
	accepts("a=b=c", "a:b=c;");
	accepts("a==", "a:=;");
	accepts("=b", ":b;");
	accepts("=", ":;");
	accepts("a=1&&b=2", "a:1;b:2;");
	accepts("&a=1&", "a:1;");
	accepts("&&&", "");
	accepts("a=1&a=2", "a:1;a:2;");
	accepts("a=1;b=2", "a:1;b=2;");
}

static void
test_decoding(void **state)
{
	(void)state;
	accepts("a+b=c+d", "a b:c d;");
	accepts("a=%2B%20+", "a:+  ;");
	accepts("a%3Db%26=c%3D%26", "a=b&:c=&;");
	accepts("n=J%C3%BCrgen", "n:J\xc3\xbcrgen;");
	accepts("n=J\xc3\xbcrgen", "n:J\xc3\xbcrgen;");
	accepts("n=%e2%82%aC", "n:\xe2\x82\xac;");
	accepts("n=%0A%7f", "n:\n\x7f;");
	accepts("n=%2500", "n:%00;");
	accepts("n=%25", "n:%;");
}

static void
test_malformed(void **state)
{
	(void)state;
	refuses("%");
	refuses("a=%");
	refuses("a=%4");
	refuses("a=%4&b=1");
	refuses("a=%&41");
	refuses("a=%zz");
	refuses("a=%4g");
	refuses("a=%g4");
	refuses("a=% 4");
	refuses("a=%+4");
	refuses("a=%%41");
	refuses("%=41");
	refuses("a=%00");
	refuses("%00=a");
	refuses("ok=1&a=%00");
	refuses("a=%80");
	refuses("a=%C3");
	refuses("a=%C3&%BC=b");
	refuses("a=%C3=%BC" "%C3");
	refuses("%C3=%BC");
	refuses("a=%C0%80");
	refuses("a=%ED%A0%80");
	refuses("a=\xff");
	refuses("a=\x01");
	refuses("a=b\n");
	refuses("a\t=b");
	refuses("a=\x7f");
}

/* Whatever bytes there are: no byte outside is touched, and it ends. */
static void
test_noise(void **state)
{
	static const char	bytes[] = "&=%+aF0\x80\xc3\xbc";
	char			text[24], out[256];
	unsigned int		seed = 1;
	size_t			i, len;
	int			round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		len = (size_t)rand_r(&seed) % (sizeof(text) - 1);
		for (i = 0; i < len; i++)
			text[i] = bytes[(size_t)rand_r(&seed) %
			    (sizeof(bytes) - 1)];
		text[len] = '\0';
		(void)parse(text, out, sizeof(out));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_noise),
	};

	return (cmocka_run_group_tests_name("form", tests, NULL, NULL));
}
