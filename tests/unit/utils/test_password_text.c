/* SPDX-License-Identifier: ISC */
/* The forms of passwords; tests/values/password_forms.py has many more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/password_text.h"

static char	out[PASSWORD_FORM_SIZE];

static const char *
normal(const char *typed)
{
	assert_true(password_normalise(typed, out, sizeof(out)));
	return (out);
}

static void
test_normal_form(void **state)
{
	static const struct {
		const char	*typed, *normal;
	} cases[] = {
		{ "", "" }, { " a\tB\n1 ", " a\tB\n1 " },
		{ "e\xcc\x81", "\xc3\xa9" }, { "\xc3\xa9", "\xc3\xa9" },
		{ "\xe2\x84\xab", "\xc3\x85" },			/* U+212B */
		{ "\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80" },	/* Hangul */
		{ "a\xc2\xa0" "b", "a b" },			/* U+00A0 */
		{ "\xe1\x9a\x80\xe3\x80\x80", "  " },	/* U+1680, U+3000 */
		{ "\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xaf\xe2\x81\x9f",
		  "    " },		/* U+2000, U+200A, U+202F, U+205F */
		{ "\xc2\xa0\xcc\x81", " \xcc\x81" },
		/* What is no space, and no canonical equivalent, stays. */
		{ "\xe2\x80\x8b\xe2\x80\xa8", "\xe2\x80\x8b\xe2\x80\xa8" },
		{ "\xef\xac\x81\xef\xbc\xa1", "\xef\xac\x81\xef\xbc\xa1" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "e\xcc\x81\xff", "e\xcc\x81\xff" },	/* not UTF-8 */
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(normal(cases[i].typed), cases[i].normal);
	assert_true(password_decompose("\xc3\xa9\xc2\xa0", out, sizeof(out)));
	assert_string_equal(out, "e\xcc\x81\xc2\xa0");
}

/* U+0390, U+0958: no text grows more than these. Not even a NUL is behind. */
static void
test_the_longest_forms(void **state)
{
	static const char	 greek[] = "\xce\x90", hindi[] = "\xe0\xa5\x98";
	char			*exact = malloc(PASSWORD_FORM_SIZE);
	char			 typed[PASSWORD_BYTES_MAX + 1] = "";
	size_t			 i;

	(void)state;
	assert_non_null(exact);
	for (i = 0; i < PASSWORD_BYTES_MAX / 2; i++)
		strcat(typed, greek);
	assert_true(password_decompose(typed, exact, PASSWORD_FORM_SIZE));
	assert_int_equal(strlen(exact), 3 * PASSWORD_BYTES_MAX);
	assert_false(password_decompose(typed, exact, PASSWORD_FORM_SIZE - 1));
	assert_string_equal(exact, "");

	for (*typed = '\0', i = 0; i < PASSWORD_BYTES_MAX / 3; i++)
		strcat(typed, hindi);
	assert_true(password_normalise(typed, exact, PASSWORD_FORM_SIZE));
	assert_int_equal(strlen(exact), 2 * strlen(typed));
	assert_false(password_normalise(typed, exact, 10));
	assert_false(password_normalise("e\xff", exact, 2));
	free(exact);
}

/* 128 syllables are 1152 bytes in NFD. */
static void
test_take(void **state)
{
	char	 text[PASSWORD_FORM_SIZE + 10] = "", taken[
		    PASSWORD_BYTES_MAX + 1];
	size_t	 i;

	(void)state;
	for (i = 0; i < 128; i++)
		strcat(text, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8");
	assert_int_equal(strlen(text), 1152);
	assert_true(password_take(text, taken));
	assert_int_equal(strlen(taken), 3 * 128);

	memset(text, 'x', sizeof(text) - 1);
	text[PASSWORD_BYTES_MAX] = '\0';
	assert_true(password_take(text, taken));
	assert_string_equal(taken, text);
	text[PASSWORD_BYTES_MAX] = 'x';
	assert_false(password_take(text, taken));
	text[PASSWORD_BYTES_MAX + 1] = '\0';
	assert_false(password_take(text, taken));
	assert_string_equal(taken, "");
	assert_true(password_take("e\xcc\x81", taken));
	assert_string_equal(taken, "e\xcc\x81");	/* as it was typed */
}

static void
test_fold_and_base(void **state)
{
	static const struct {
		const char	*typed, *folded;
		size_t		 base;	/* when no more can be cut off */
	} cases[] = {
		{ "PassWord", "password", 8 },
		{ "Password1!", "password1!", 8 },
		{ "\xef\xbc\xb0\xef\xbc\xa1ss 12", "pass 12", 4 },
		{ "\xc3\x89t\xc3\xa9-2024$ ", "\xc3\xa9t\xc3\xa9-2024$ ", 5 },
		{ "12345678", "12345678", 0 }, { "", "", 0 },
		{ "1a", "1a", 2 }, { "a\xd9\xa1", "a\xd9\xa1", 1 },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(password_fold(cases[i].typed, out, sizeof(out)));
		assert_string_equal(out, cases[i].folded);
		while (password_cut(out))
			;
		assert_int_equal(strlen(out), cases[i].base);
	}
	assert_false(password_fold("abc", out, 3));
	strcpy(out, "a1\xe2\x82\xac");
	assert_true(password_cut(out));
	assert_string_equal(out, "a1");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_the_longest_forms),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_fold_and_base),
	};

	return (cmocka_run_group_tests_name("password_text", tests, NULL,
	    NULL));
}
