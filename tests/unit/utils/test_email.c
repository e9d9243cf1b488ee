/* SPDX-License-Identifier: ISC */
/* E-mail addresses: valid ones, invalid ones, equal ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/email.h"

/* The verdicts are those of email-validator; tests/values has more. */

static void
test_accepted(void **state)
{
	static const struct {
		const char	*in;
		const char	*out;
	} good[] = {
		{ "user@example.com", "user@example.com" },
		{ "User.Name+tag@Example.COM", "User.Name+tag@example.com" },
		{ "!#$%&'*+-/=?^_`{|}~@b.com", "!#$%&'*+-/=?^_`{|}~@b.com" },
		{ "a@b-c.d-e.fg", "a@b-c.d-e.fg" },
		{ "a@0.com", "a@0.com" },
		{ "a@example", NULL },
		{ "j\xc3\xbcrgen@b.com", "j\xc3\xbcrgen@b.com" },
		/* NFC in the local part, case kept. */
		{ "Ju\xcc\x88rgen@b.com", "J\xc3\xbcrgen@b.com" },
		/* A mark that has no composed form, but follows a letter. */
		{ "q\xcc\x81@b.com", "q\xcc\x81@b.com" },
		{ "a@b.ca", "a@b.ca" },
		{ "a@b.biz", "a@b.biz" },
		/* Arabic-Indic digits alone, and European ones alone. */
		{ "a@\u0627\u0661.com", "a@\u0627\u0661.com" },
		{ "a@\u06271.com", "a@\u06271.com" },
		/* UTS 46 in the domain. */
		{ "a@B\xc3\x9c" "CHER.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@bu\xcc\x88" "cher.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@xn--bcher-kva.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@XN--BCHER-KVA.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@stra\xc3\x9f" "e.de", "a@stra\xc3\x9f" "e.de" },
		{ "a@b\xe3\x80\x82" "com", "a@b.com" },
		{ "a@\xef\xbd\x82\xef\xbc\x8e" "com", "a@b.com" },
		/* Blanks at the ends, as str.strip() has them. */
		{ " a@b.com", "a@b.com" },
		{ "\t a@b.com\u3000\u2028\x1c\r\n", "a@b.com" },
		/* The example domains are allowed. */
		{ "a@example.org", "a@example.org" },
		{ "a@localhost.com", "a@localhost.com" },
		{ "a@mytest.net", "a@mytest.net" },
	};
	char		 out[EMAIL_MAX];
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		why = email_normalise(good[i].in, out, sizeof(out));
		if (good[i].out == NULL) {
			assert_non_null(why);
			continue;
		}
		if (why != NULL)
			fail_msg("%s %s", good[i].in, why);
		assert_string_equal(out, good[i].out);
	}
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", "@", "a", "a@", "@b.com", "a@b@c.com", "a@@b.com",
		".a@b.com", "a.@b.com", "a..b@c.com", "\"a\"@b.com",
		"a b@c.com", "a @b.com", "a@ b.com", "a\t@b.com", " ",
		"a,b@c.com", "a;b@c.com", "a(c)@b.com", "a\\b@c.com",
		"<a@b.com>", "a@b", "a@localhost", "a@.com", "a@b.com.",
		"a@b..com", "a@-b.com", "a@b-.com", "a@ab--c.com", "a@b_c.com",
		"a@\u00e9" "a--b.com", "a@-b--c.com", "a@b c.com", "a@b.c1",
		"a@b.c2", "a@1.2.3.4", "a@[1.2.3.4]",
		"a@[IPv6:::1]", "a@b.test", "a@b.local", "a@b.LOCAL",
		"a@b.invalid", "a@b.localhost", "a@b.onion", "a@1.in-addr.arpa",
		"a@xn--.com", "a@xn--a-.com", "a@xn--99999999999.com",
		"a@b\x01.com", "a@b\x7f.com", "a\x7f@b.com",
		"a@b.com\r\nBcc: c@d.com", "a\r\n@b.com",
		"a\xc2\xa0" "b@c.com",			/* no-break space */
		"a\xe2\x80\x8b" "b@c.com",		/* zero width */
		"\xcc\x80" "a@b.com",			/* a mark in front */
		"a@\xf0\x9f\x98\x80.com",		/* emoji */
		"a@b\xef\xbc\xa0" "c.com",		/* fullwidth @ */
		"a@b\xc2\xb7.com", "a@b\xe2\x89\xa0.com",	/* IDNA 2008 */
		"a@\xe2\x92\x88" "com",			/* "1." */
		"a@b\xe2\x80\xa6" "com",		/* "..." */
		"a@a\xd7\x90.com",			/* left and right */
		"a@\xd8\xa7" "1\xd9\xa1.com",		/* EN and AN */
		/* What UTS 46 leaves out, by itself and in a label. */
		"a@b\u200b.com", "a@b\u00ad" "c.com", "a@\u2060.com",
		"a@b\ufeff.com", "a@b\u200d.com", "a@b\u200c.com",
		"a@b\u034f.com", "a@b\ufe0f.com", "a@b.com\u200b",
		"a@\u0301" "b.com", "a@b\ue000.com", "a@b\u0378.com",
		"a@b\u2024" "com", "a@b\ufe52" "com",
		/* NFC makes it a semicolon. */
		"a\u037e@b.com",
		"a\xff@b.com", "a@\xc3.com", "a@\xed\xa0\x80.com",
	};
	char	 out[EMAIL_MAX], *copy;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		copy = strdup(bad[i]);
		out[0] = 'x';
		if (email_normalise(copy, out, sizeof(out)) == NULL)
			fail_msg("accepted \"%s\" as \"%s\"", bad[i], out);
		assert_string_equal(out, "");
		free(copy);
	}
}

static void
test_reasons(void **state)
{
	static const char *const	 dots[] = { "a@.b.com", "a@b..com",
	    "a@b.com." };
	char				 out[EMAIL_MAX];
	size_t				 i;

	(void)state;
	assert_string_equal(email_normalise("a", out, sizeof(out)),
	    "must contain exactly one @");
	assert_string_equal(email_normalise("@b.com", out, sizeof(out)),
	    "must have something before the @");
	assert_string_equal(email_normalise("a@", out, sizeof(out)),
	    "must have something after the @");
	assert_string_equal(email_normalise("a@b", out, sizeof(out)),
	    "must have a dot after the @");
	assert_string_equal(email_normalise("a@b.test", out, sizeof(out)),
	    "must not be in a domain reserved for special use");
	for (i = 0; i < sizeof(dots) / sizeof(dots[0]); i++)
		assert_string_equal(email_normalise(dots[i], out,
		    sizeof(out)), "must not have a leading, trailing or double "
		    "dot after the @");
	assert_string_equal(email_normalise("a@b.c0", out, sizeof(out)),
	    "must end with a top-level domain");
	assert_string_equal(email_normalise("a@b\u200b.com", out,
	    sizeof(out)), "has U+200B after the @, which is not allowed "
	    "there");
	assert_string_equal(email_normalise("a@b_c.com", out, sizeof(out)),
	    "has U+005F after the @, which is not allowed there");
	assert_string_equal(email_normalise("a\U000e0001@b.com", out,
	    sizeof(out)), "has U+E0001 before the @, which is not allowed "
	    "there");
	assert_string_equal(email_normalise("a@ab--c.com", out, sizeof(out)),
	    "must not have a label with hyphens in its third and fourth "
	    "place after the @");
}

/* Of ASCII: RFC 5322, 3.2.3, and a dot that is not at an end. */
static void
test_every_character(void **state)
{
	static const char	 fine[] = "!#$%&'*+-/=?^_`{|}~.";
	char			 in[] = "lxl@b.com", out[EMAIL_MAX];
	int			 c;

	(void)state;
	for (c = 1; c < 0x80; c++) {
		in[1] = (char)c;
		assert_int_equal(email_normalise(in, out, sizeof(out)) == NULL,
		    (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || strchr(fine, c) != NULL);
	}
}

/*
 * A domain may be sent in ASCII, and must be short enough for that: this one
 * has 250 bytes then, and 95 in UTF-8.
 */
static void
test_length_in_ascii(void **state)
{
	char	 domain[128] = "", in[256], out[EMAIL_MAX];
	int	 i;

	(void)state;
	for (i = 0; i < 31; i++)
		strcat(domain, "\u00fc.");
	strcat(domain, "de");
	snprintf(in, sizeof(in), "abc@%s", domain);
	assert_null(email_normalise(in, out, sizeof(out)));
	snprintf(in, sizeof(in), "abcd@%s", domain);
	assert_string_equal(email_normalise(in, out, sizeof(out)),
	    "must be at most 254 bytes long");
	snprintf(in, sizeof(in), "a\u00e9@%s", domain);
	assert_null(email_normalise(in, out, sizeof(out)));
	assert_string_equal(out, in);
	snprintf(in, sizeof(in), "abc\u00e9@%s", domain);
	assert_non_null(email_normalise(in, out, sizeof(out)));
}

/* An address with parts of these lengths; 20 <= domain <= 253. */
static const char *
of_length(size_t local, size_t domain)
{
	static char	address[EMAIL_INPUT_MAX];
	size_t		i;

	memset(address, 'l', local);
	address[local] = '@';
	for (i = 0; i < domain; i++)
		address[local + 1 + i] = i % 50 == 49 ? '.' : 'd';
	memcpy(address + local + 1 + domain - 6, "dd.com", 7);
	return (address);
}

static void
test_lengths(void **state)
{
	static char	large[100000];
	char		out[EMAIL_MAX];
	const char	*address;

	(void)state;
	address = of_length(64, 189);
	assert_int_equal(strlen(address), 254);
	assert_null(email_normalise(address, out, sizeof(out)));
	assert_string_equal(out, address);
	assert_non_null(email_normalise(of_length(64, 190), out,
	    sizeof(out)));
	assert_non_null(email_normalise(of_length(65, 20), out, sizeof(out)));
	assert_null(email_normalise(of_length(1, 252), out, sizeof(out)));
	assert_non_null(email_normalise(of_length(1, 253), out,
	    sizeof(out)));

	/* A longer text is not read at all. */
	memset(large, 'a', 254);
	assert_string_equal(email_normalise(large, out, sizeof(out)),
	    "must contain exactly one @");
	large[254] = 'a';
	assert_string_equal(email_normalise(large, out, sizeof(out)),
	    "must be at most 254 bytes long");
	memset(large, ' ', EMAIL_INPUT_MAX);
	strcpy(large + EMAIL_INPUT_MAX - 7, "a@b.com");
	assert_null(email_normalise(large, out, sizeof(out)));
	strcpy(large + EMAIL_INPUT_MAX - 7, " a@b.com");
	assert_non_null(email_normalise(large, out, sizeof(out)));
	memset(large, 'a', EMAIL_INPUT_MAX + 1);
	assert_string_equal(email_normalise(large, out, sizeof(out)),
	    "must be at most 254 bytes long");

	memset(large, 'a', sizeof(large) - 1);
	assert_non_null(email_normalise(large, out, sizeof(out)));
	memcpy(large, "a@", 2);
	assert_non_null(email_normalise(large, out, sizeof(out)));
}

static void
test_outsize(void **state)
{
	char	*out;
	size_t	 size;

	(void)state;
	for (size = 0; size <= sizeof("a@b.com") + 1; size++) {
		out = malloc(size + 1);
		out[size] = 'x';
		if (size < sizeof("a@b.com")) {
			assert_non_null(email_normalise("a@b.com", out, size));
			if (size > 0)
				assert_string_equal(out, "");
		} else {
			assert_null(email_normalise("a@b.com", out, size));
			assert_string_equal(out, "a@b.com");
		}
		assert_int_equal(out[size], 'x');
		free(out);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_length_in_ascii),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_outsize),
	};

	return (cmocka_run_group_tests_name("email", tests, NULL, NULL));
}
