/* SPDX-License-Identifier: ISC */
/* E-mail addresses: valid ones, invalid ones, equal ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/email.h"

/* The verdicts are those of email-validator; email_differential.py has more. */

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
		/* UTS 46 in the domain. */
		{ "a@B\xc3\x9c" "CHER.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@bu\xcc\x88" "cher.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@xn--bcher-kva.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@XN--BCHER-KVA.de", "a@b\xc3\xbc" "cher.de" },
		{ "a@stra\xc3\x9f" "e.de", "a@stra\xc3\x9f" "e.de" },
		{ "a@b\xe3\x80\x82" "com", "a@b.com" },
		{ "a@\xef\xbd\x82\xef\xbc\x8e" "com", "a@b.com" },
		{ "a@b\xc2\xad" "c.com", "a@bc.com" },
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
		"a b@c.com", " a@b.com", "a@b.com ", "a@b.com\n", "a\t@b.com",
		"a,b@c.com", "a;b@c.com", "a(c)@b.com", "a\\b@c.com",
		"<a@b.com>", "a@b", "a@localhost", "a@.com", "a@b.com.",
		"a@b..com", "a@-b.com", "a@b-.com", "a@ab--c.com", "a@b_c.com",
		"a@b c.com", "a@b.c1", "a@1.2.3.4", "a@[1.2.3.4]",
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
		"a@\xe2\x92\x88" "com",			/* "1." */
		"a@b\xe2\x80\xa6" "com",		/* "..." */
		"a@a\xd7\x90.com",			/* left and right */
		"a@\xd8\xa7" "1\xd9\xa1.com",		/* EN and AN */
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
	char	out[EMAIL_MAX];

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

static void
test_mailbox(void **state)
{
	static const char *const	 cases[][2] = {
		{ "ada@example.com", "ada@example.com" },
		{ "Ada+1@Example.com", "ada@example.com" },
		{ "ada+a+b@example.com", "ada@example.com" },
		{ "ada@ex+ample.com", "ada@ex+ample.com" },
		{ "+ada@example.com", "+ada@example.com" },
		{ "ada+@example.com", "ada@example.com" },
		{ "\u00c4da@b\u00fccher.example",
		    "\u00e4da@b\u00fccher.example" },
		{ "\"a@b\"@example.com", "\"a@b\"@example.com" },
	};
	char				 out[EMAIL_MAX];
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
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_outsize),
		cmocka_unit_test(test_mailbox),
	};

	return (cmocka_run_group_tests_name("email", tests, NULL, NULL));
}
