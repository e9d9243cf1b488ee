/* SPDX-License-Identifier: ISC */
/* Which e-mail addresses are the same. tests/values has many more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/email.h"

static void
test_keys(void **state)
{
	static const char *const	 cases[][2] = {
		{ "Ada@Example.COM", "ada@example.com" },
		{ " \tada@example.com\u3000\n", "ada@example.com" },
		{ "JOS\u00c9@b.com", "jos\u00e9@b.com" },
		{ "Jose\u0301@b.com", "jos\u00e9@b.com" },
		/* Neither of them is another letter with its case folded. */
		{ "\u0130x@b.com", "i\u0307x@b.com" },
		{ "\u0131x@b.com", "\u0131x@b.com" },
		{ "stra\u00df" "e@b.com", "stra\u00df" "e@b.com" },
		{ "STRA\u1e9e" "E@b.com", "stra\u00df" "e@b.com" },
		{ "\u212a@b.com", "k@b.com" },
		/* All sigmas of a local part, and not those of a domain. */
		{ "\u039f\u03a3@b.com", "\u03bf\u03c3@b.com" },
		{ "\u03bf\u03c2@b.com", "\u03bf\u03c3@b.com" },
		{ "a@\u03c2.gr", "a@\u03c2.gr" },
		{ "a@\u03a3.gr", "a@\u03c3.gr" },
		{ "a@XN--BCHER-KVA.de", "a@b\u00fc" "cher.de" },
		{ "a@Bu\u0308" "cher.de", "a@b\u00fc" "cher.de" },
		{ "a@\uff22.com", "a@b.com" },
		/* What no rule accepts today. */
		{ "Root@LocalHost", "root@localhost" },
		{ "admin2@Corp.local", "admin2@corp.local" },
		{ "x@Host_Name.example.com", "x@host_name.example.com" },
		{ "x@xn--bcher-kva.local", "x@b\u00fc" "cher.local" },
		{ "a@b\u200b.com", "a@b\u200b.com" },
		{ "\"A b\"@B.com", "\"a b\"@b.com" },
		{ "A@B@C.com", "a@b@c.com" },
		{ "a@\u03c2@b.com", "a@\u03c3@b.com" },
		{ "Admin", "admin" }, { "\u039f\u03a3", "\u03bf\u03c3" },
		{ "A@", "a@" }, { "@B.com", "@b.com" }, { "", "" },
		{ "  ", "" },
	};
	char				 key[EMAIL_KEY_MAX];
	char				 again[EMAIL_KEY_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(email_key(cases[i][0], key, sizeof(key)));
		assert_string_equal(key, cases[i][1]);
		assert_true(email_key(key, again, sizeof(again)));
		assert_string_equal(again, key);
	}
}

/* A domain of a rejected text that is accepted in lower case. */
static void
test_lower_case_is_accepted(void **state)
{
	char	 key[EMAIL_KEY_MAX], again[EMAIL_KEY_MAX];

	(void)state;
	assert_true(email_key("x@\ua7c5\ufb00.com", key, sizeof(key)));
	assert_true(email_key(key, again, sizeof(again)));
	assert_string_equal(again, key);
}

static void
test_same(void **state)
{
	(void)state;
	assert_true(email_is_same("Ada@b.com", " ada@B.com"));
	assert_false(email_is_same("\u0130x@b.com", "ix@b.com"));
	assert_false(email_is_same("a@b.com", "a@b.co"));
	assert_false(email_is_same("\xff", "\xff"));
	assert_false(email_is_same("a@b.com", "\xff"));
}

static char *
filled(size_t len)
{
	char	*text = malloc(len + 1);

	memset(text, 'a', len);
	text[len] = '\0';
	return (text);
}

/* What does not fit has no key, and is never cut. */
static void
test_lengths(void **state)
{
	char	 key[EMAIL_KEY_MAX + 1], *text;
	size_t	 size;

	(void)state;
	for (size = 1; size < 12; size++) {
		key[size] = 'x';
		assert_int_equal(email_key("A@b.com", key, size), size > 7);
		assert_string_equal(key, size > 7 ? "a@b.com" : "");
		if (size > 8)
			continue;
		assert_int_equal(key[size], 'x');
	}
	text = filled(EMAIL_KEY_MAX - 1);
	assert_true(email_key(text, key, EMAIL_KEY_MAX));
	assert_string_equal(key, text);
	free(text);
	text = filled(EMAIL_KEY_MAX);
	assert_false(email_key(text, key, sizeof(key)));
	assert_string_equal(key, "");
	free(text);
	text = filled(100000);
	assert_false(email_key(text, key, sizeof(key)));
	free(text);
	/* Each becomes three of 12 bytes in NFC. */
	text = malloc(4 * 255 + 1);
	for (size = 0; size < 255; size++)
		memcpy(text + 4 * size, "\U0001d160", 5);
	assert_false(email_key(text, key, EMAIL_KEY_MAX));
	free(text);
}

/* All that fit into the column in other scripts. */
static void
test_every_column_has_a_key(void **state)
{
	static const char *const	 letters[] = { "\u0958", "\u023a",
	    "\u0130", "\U00010400", "\ufb2c", "\u1f88" };
	char				 key[EMAIL_KEY_MAX], text[4 * 255 + 1];
	size_t				 i, n;

	(void)state;
	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		*text = '\0';
		for (n = 0; n < 255; n++)
			strcat(text, letters[i]);
		assert_true(email_key(text, key, sizeof(key)));
	}
}

static void
test_mailbox(void **state)
{
	static const char *const	 cases[][2] = {
		{ "ada@example.com", "ada@example.com" },
		{ "Ada+1@Example.com", "ada@example.com" },
		{ "ada+a+b@example.com", "ada@example.com" },
		{ "a+b@example.com", "a@example.com" },
		{ "ada@ex+ample.com", "ada@ex+ample.com" },
		{ "  Ada+1@XN--BCHER-KVA.de ", "ada@b\u00fccher.de" },
		{ "+ada@example.com", "+ada@example.com" },
		{ "ada+@example.com", "ada@example.com" },
		{ "\u00c4da@b\u00fccher.example",
		    "\u00e4da@b\u00fccher.example" },
		{ "\"a@b\"@example.com", "\"a@b\"@example.com" },
	};
	char				 out[EMAIL_KEY_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(email_mailbox(cases[i][0], out, sizeof(out)));
		assert_string_equal(out, cases[i][1]);
	}
	assert_false(email_mailbox("ada", out, sizeof(out)));
	assert_false(email_mailbox("", out, sizeof(out)));
	assert_false(email_mailbox("ada@example.com", out, 8));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_lower_case_is_accepted),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_every_column_has_a_key),
		cmocka_unit_test(test_mailbox),
	};

	return (cmocka_run_group_tests_name("email key", tests, NULL, NULL));
}
