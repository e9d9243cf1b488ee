/* SPDX-License-Identifier: ISC */
/* Headers and quoted-printable. */

/* sources: src/mail/mail_text.c src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

#include "utils/utf8.h"

static struct arena	arena;

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena, false);
	return (0);
}

static void
check_header(const char *value, const char *want)
{
	struct text	 t = arena_text(&arena);
	char		*got;

	mail_header(&t, "Subject", value, strlen(value));
	got = string_of(&t);
	assert_string_equal(got, want);
	free(got);
}

static void
test_a_header_of_ascii_stays(void **state)
{
	(void)state;
	check_header("Welcome", "Subject: Welcome\r\n");
	check_header("", "Subject: \r\n");
	check_header("  a   b  ", "Subject: a b\r\n");
	check_header("  \u00fc ", "Subject: =?utf-8?b?w7w=?=\r\n");
	check_header("a=?b", "Subject: =?utf-8?q?a=3D=3Fb?=\r\n");
	check_header("=?utf-8?q?x?=",
	    "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n");
}

static void
test_a_header_is_folded(void **state)
{
	(void)state;
	check_header("one two three four five six seven eight nine ten "
	    "eleven twelve thirteen fourteen",
	    "Subject: one two three four five six seven eight nine ten "
	    "eleven twelve\r\n thirteen fourteen\r\n");
}

static void
test_beyond_ascii_is_encoded(void **state)
{
	(void)state;
	check_header("Willkommen, J\u00fcrgen",
	    "Subject: =?utf-8?q?Willkommen=2C_J=C3=BCrgen?=\r\n");
	check_header("\u4f60\u597d", "Subject: =?utf-8?b?5L2g5aW9?=\r\n");
}

#define TEN	"0123456789"
#define SIXTY	TEN TEN TEN TEN TEN TEN
#define SEVENTY	SIXTY TEN

/* A line has 76 columns at most, and a word of more than 63 is encoded. */
static void
test_as_long_as_may_be(void **state)
{
	(void)state;
	check_header(SIXTY " 12345", "Subject: " SIXTY " 12345\r\n");
	check_header(SIXTY " 123456", "Subject: " SIXTY " 123456\r\n");
	check_header(SIXTY " 1234567", "Subject: " SIXTY "\r\n 1234567\r\n");
	check_header(SIXTY "123", "Subject: " SIXTY "123\r\n");
	check_header("a " SIXTY "123", "Subject: a " SIXTY "123\r\n");
	check_header(SIXTY "1234", "Subject: =?utf-8?q?" TEN TEN TEN TEN TEN
	    "01234?=\r\n =?utf-8?q?567891234?=\r\n");
	check_header("a=", "Subject: a=\r\n");
}

/* Whole characters only, and as many as fit: 75 columns for a word. */
static void
test_words_are_filled(void **state)
{
	(void)state;
	check_header(SIXTY SIXTY "1234567890",
	    "Subject: =?utf-8?q?" TEN TEN TEN TEN TEN "01234?=\r\n"
	    " =?utf-8?q?56789" TEN TEN TEN TEN TEN "01234567?=\r\n"
	    " =?utf-8?q?891234567890?=\r\n");
	check_header("0123456789" "0123456789" "0123456789" "0123456789"
	    "01234567890123\u00fcb",
	    "Subject: =?utf-8?q?" TEN TEN TEN TEN TEN "0123?=\r\n"
	    " =?utf-8?q?=C3=BCb?=\r\n");
	check_header("\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60"
	    "\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60",
	    "Subject: =?utf-8?b?5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g5L2g"
	    "5L2g5L2g?=\r\n =?utf-8?b?5L2g?=\r\n");
	/* As long in the one as in the other: readable. */
	check_header("\u00fcab", "Subject: =?utf-8?q?=C3=BCab?=\r\n");
	check_header("\u00fc\u00fcabcd",
	    "Subject: =?utf-8?b?w7zDvGFiY2Q=?=\r\n");
}

/* Every line is short, and every encoded word can be decoded by itself. */
static void
test_long_values(void **state)
{
	static const char *const	 units[] = {
		"a", "=?", "\u00fc", "\u4f60", "\U0001f600", "\u00fc ",
		"ab\u4f60",
	};
	struct text	 t;
	char		 value[2048], *got, *line, *save;
	size_t		 i, j;

	(void)state;
	for (i = 0; i < COUNT(units); i++) {
		value[0] = '\0';
		for (j = 0; j < 100; j++)
			strcat(value, units[i]);
		t = arena_text(&arena);
		mail_header(&t, "Subject", value, strlen(value));
		got = string_of(&t);
		for (line = strtok_r(got, "\r\n", &save); line != NULL;
		    line = strtok_r(NULL, "\r\n", &save)) {
			assert_true(strlen(line) <= 76);
			assert_true(line == got || line[0] == ' ');
			assert_non_null(strstr(line, "=?utf-8?"));
			assert_string_equal(line + strlen(line) - 2, "?=");
		}
		free(got);
	}
}

static void
check_address(const char *owner, const char *want)
{
	struct text	 t = arena_text(&arena);
	char		*got;

	mail_header_address(&t, "From", owner, "a@b.example");
	got = string_of(&t);
	assert_string_equal(got, want);
	free(got);
}

static void
test_an_address_and_its_owner(void **state)
{
	(void)state;
	check_address("", "From: <a@b.example>\r\n");
	check_address("Keel", "From: Keel <a@b.example>\r\n");
	check_address("The Keel team", "From: The Keel team <a@b.example>\r\n");
	check_address("Keel, Inc.", "From: \"Keel, Inc.\" <a@b.example>\r\n");
	check_address("a\\b", "From: \"a\\\\b\" <a@b.example>\r\n");
	check_address("a\"b", "From: \"a\\\"b\" <a@b.example>\r\n");
	check_address("a@b", "From: \"a@b\" <a@b.example>\r\n");
	check_address(" Keel", "From: =?utf-8?q?_Keel?= <a@b.example>\r\n");
	check_address("Keel ", "From: =?utf-8?q?Keel_?= <a@b.example>\r\n");
	check_address(TEN TEN TEN TEN TEN "123456",
	    "From: " TEN TEN TEN TEN TEN "123456 <a@b.example>\r\n");
	check_address(TEN TEN TEN TEN TEN "1234567",
	    "From: " TEN TEN TEN TEN TEN "1234567\r\n <a@b.example>\r\n");
	check_address("K\u00eb\u00ebl",
	    "From: =?utf-8?b?S8Orw6ts?= <a@b.example>\r\n");
}

static void
check_quoted(const char *in, const char *want)
{
	struct text	 t = arena_text(&arena);
	char		*got;

	mail_quoted(&t, in, strlen(in));
	got = string_of(&t);
	assert_string_equal(got, want);
	free(got);
}

static void
test_quoted_printable(void **state)
{
	(void)state;
	check_quoted("", "");
	check_quoted("a\nb\n", "a\r\nb\r\n");
	check_quoted("a = b", "a =3D b");
	check_quoted("a \nb\t\n ", "a=20\r\nb=09\r\n=20");
	check_quoted("\u00fc\r\x7f~", "=C3=BC=0D=7F~");
	check_quoted(SEVENTY "123456\nx", SEVENTY "123456\r\nx");
	check_quoted(SEVENTY "1234567\n", SEVENTY "12345=\r\n67\r\n");
	check_quoted(SEVENTY "\u00fc", SEVENTY "=C3=BC");
	check_quoted(SEVENTY "\u00fc.", SEVENTY "=\r\n=C3=BC.");
}

static void
test_dot_atoms(void **state)
{
	static const struct {
		const char	*text;
		bool		 ascii, utf8;
	} cases[] = {
		{ "a", true, true }, { "a.b", true, true },
		{ "!#$%&'*+-/=?^_`{|}~.A9", true, true },
		{ "", false, false }, { ".", false, false },
		{ ".a", false, false }, { "a.", false, false },
		{ "a..b", false, false }, { "a b", false, false },
		{ "a\"b", false, false }, { "a@b", false, false },
		{ "(a)", false, false }, { "a,b", false, false },
		{ "\u00fc.a", false, true }, { "a.\u4f60", false, true },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (mail_is_dot_atom(cases[i].text, strlen(cases[i].text),
		    false) != cases[i].ascii ||
		    mail_is_dot_atom(cases[i].text, strlen(cases[i].text),
		    true) != cases[i].utf8)
			fail_msg("%s", cases[i].text);
	}
	assert_false(mail_is_dot_atom("a\0b", 3, true));
}

static void
test_control_characters(void **state)
{
	static const char *const	 yes[] = {
		"\t", "\n", "\r", "\x01", "\x1f", "\x7f", "\xc2\x80",
		"\xc2\x85",
		"\xc2\x9f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066",
		"\u2069",
	}, *const			 no[] = {
		" ", "a", "~", "\u00a0", "\u00fc", "\u2027", "\u202f",
		"\u2065", "\u206a", "\u200d", "\u4f60", "\U0001f600",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(yes); i++)
		assert_true(mail_is_control(yes[i], strlen(yes[i])));
	for (i = 0; i < COUNT(no); i++)
		assert_false(mail_is_control(no[i], strlen(no[i])));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_a_header_of_ascii_stays),
		cmocka_unit_test(test_a_header_is_folded),
		cmocka_unit_test(test_beyond_ascii_is_encoded),
		cmocka_unit_test(test_as_long_as_may_be),
		cmocka_unit_test(test_words_are_filled),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_an_address_and_its_owner),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_dot_atoms),
		cmocka_unit_test(test_control_characters),
	};

	return (cmocka_run_group_tests(tests, NULL, teardown));
}
