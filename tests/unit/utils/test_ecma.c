/* SPDX-License-Identifier: ISC */
/* Translation of patterns from POSIX to JavaScript. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/ecma.h"

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static bool
translate(const char *posix, char out[static ECMA_MAX])
{
	char	*copy = strdup(posix);
	bool	 fine;

	assert_non_null(copy);
	fine = ecma_pattern(copy, out, ECMA_MAX);
	free(copy);
	return (fine);
}

static void
assert_becomes(const char *posix, const char *ecma)
{
	char	 out[ECMA_MAX];

	if (!translate(posix, out))
		fail_msg("%s cannot be written", posix);
	assert_string_equal(out, ecma);
}

static void
test_unchanged(void **state)
{
	(void)state;
	assert_becomes("", "");
	assert_becomes("^([1-9][0-9]?|100)$", "^([1-9][0-9]?|100)$");
	assert_becomes("^(0|[1-9][0-9]{0,8})$", "^(0|[1-9][0-9]{0,8})$");
	assert_becomes("^a{2,}b{3}\\.c\\\\$", "^a{2,}b{3}\\.c\\\\$");
	assert_becomes("^[^a-f]+$", "^[^a-f]+$");
	assert_becomes("\xc3\xa9?", "\xc3\xa9?");
	assert_becomes("a{9}\\.", "a{9}\\.");
	assert_becomes("[a:b][c.d][e=f]", "[a:b][c.d][e=f]");
}

/* In brackets, POSIX takes a backslash and a first ] literally. */
static void
test_rewritten(void **state)
{
	(void)state;
	assert_becomes("[\\d]", "[\\\\d]");
	assert_becomes("[]a]", "[\\]a]");
	assert_becomes("[^]a[]", "[^\\]a\\[]");
	assert_becomes("a]}", "a\\]\\}");
	assert_becomes("^a{,20}$", "^a{0,20}$");
	assert_becomes("^A.*$", "^A[\\s\\S]*$");
	assert_becomes("\\**\\}+", "\\**\\}+");
	assert_becomes("^[[:digit:]_]+$", "^[0-9_]+$");
	assert_becomes("[^[:xdigit:]]", "[^0-9A-Fa-f]");
}

static void
test_untranslatable(void **state)
{
	static const char *const	 patterns[] = {
		"[[:alpha:]]", "[[=e=]]", "[[.-.]]", "\\w+", "\\bword", "[abc",
		"a\\", "{", "a{b}", "a{1", "a{1x}", "a{}", "a**", "a+?",
		"a{2}{3}", "[", "[[", "**", "\\",
		"(?a)", "(*a)", "a|*b", "^*a", "*"
	};
	char				 out[ECMA_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (translate(patterns[i], out))
			fail_msg("%s becomes %s", patterns[i], out);
		assert_string_equal(out, "");
	}
}

static void
test_too_long(void **state)
{
	char	 out[8];

	(void)state;
	assert_true(ecma_pattern("abcdefg", out, sizeof(out)));
	assert_false(ecma_pattern("abcdefgh", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(ecma_pattern("abcdef]", out, sizeof(out)));
	out[0] = 'x';
	assert_false(ecma_pattern("", out, 0));
	assert_int_equal(out[0], 'x');
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_untranslatable),
		cmocka_unit_test(test_too_long),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
