/* SPDX-License-Identifier: ISC */
/* The settings of mail: what is accepted, and what stops the start. */

/* sources: src/mail/mail_settings.c src/mail/mail_text.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

#define HIDDEN	"hunter2secret"
#define FROM	"Keel <keel@localhost>"

static void
forget(struct mail_settings *m, const char *from)
{
	free((void *)(uintptr_t)m->host);
	free((void *)(uintptr_t)m->user);
	free((void *)(uintptr_t)m->password);
	if (m->from != from) {
		free((void *)(uintptr_t)m->from);
		free((void *)(uintptr_t)m->from_name);
	}
}

static void
test_urls(void **state)
{
	static const struct {
		const char	*url;
		const char	*host;
		unsigned	 port;
		bool		 implicit;
		const char	*user;
		const char	*password;
	} good[] = {
		{ "smtp://mail.example.org", "mail.example.org", 587, false,
		    NULL, NULL },
		{ "smtps://mail.example.org", "mail.example.org", 465, true,
		    NULL, NULL },
		{ "smtp://localhost:25", "localhost", 25, false, NULL, NULL },
		{ "smtps://192.0.2.1:1", "192.0.2.1", 1, true, NULL, NULL },
		{ "smtp://[2001:db8::1]", "2001:db8::1", 587, false,
		    NULL, NULL },
		{ "smtp://[::1]:65535", "::1", 65535, false, NULL, NULL },
		{ "smtp://u:p@h", "h", 587, false, "u", "p" },
		{ "smtp://u%40x.example:p%3A%2F%25@h:25", "h", 25, false,
		    "u@x.example", "p:/%" },
		{ "smtp://u:a:b@h", "h", 587, false, "u", "a:b" },
		{ "smtp://u:%C3%BC@[::1]:26", "::1", 26, false, "u", "\u00fc" },
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		what = mail_settings_read(good[i].url, true, NULL, FROM,
		    &m);
		if (what != NULL)
			fail_msg("%s: %s", good[i].url, what);
		assert_string_equal(m.host, good[i].host);
		assert_int_equal(m.port, good[i].port);
		assert_int_equal(m.implicit, good[i].implicit);
		assert_true(m.tls);
		if (good[i].user == NULL) {
			assert_null(m.user);
		} else {
			assert_string_equal(m.user, good[i].user);
			assert_string_equal(m.password, good[i].password);
		}
		forget(&m, FROM);
	}
	assert_null(mail_settings_read(NULL, true, NULL, FROM, &m));
	assert_null(m.host);
	forget(&m, FROM);
}

static void
test_invalid_urls(void **state)
{
	static const char *const	 bad[] = {
		"", "mail.example.org", "http://h", "SMTP://h", "smtp:h",
		"smtp://", "smtp://:25", "smtp://h:", "smtp://h:0",
		"smtp://h:65536", "smtp://h:25x", "smtp://h:-1",
		"smtp://h:99999999999999999999", "smtp://h/", "smtp://h/x",
		"smtp://h?x", "smtp://h#x", "smtp://h:25/", "smtp://a b",
		"smtp://a..b", "smtp://.a", "smtp://-a", "smtp://a-",
		"smtp://h\n", "smtp://\u00fc.example", "smtp://::1",
		"smtp://[::1", "smtp://[::1]x", "smtp://[x]", "smtp://[]",
		"smtp://[127.0.0.1]", "smtp://u@h", "smtp://" HIDDEN "@h",
		"smtp://:" HIDDEN "@h", "smtp://u:@h",
		"smtp://u:" HIDDEN "@", "smtp://u:" HIDDEN "@x@h",
		"smtp://u:" HIDDEN "%@h", "smtp://u:" HIDDEN "%4@h",
		"smtp://u:" HIDDEN "%zz@h", "smtp://u:" HIDDEN "%00@h",
		"smtp://u:" HIDDEN "%0d%0aRCPT@h", "smtp://u:" HIDDEN "%ff@h",
		"smtp://u:" HIDDEN "\n@h", "smtp://u:" HIDDEN "@h:x",
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		what = mail_settings_read(bad[i], true, NULL, FROM, &m);
		if (what == NULL || strstr(what, "KEEL_SMTP_URL") == NULL ||
		    strstr(what, HIDDEN) != NULL || strchr(what, '\n') != NULL)
			fail_msg("%s: %s", bad[i], what == NULL ? "" : what);
		forget(&m, FROM);
	}
}

/* The operator reads which part is wrong. */
static void
test_what_is_wrong(void **state)
{
	static const struct {
		const char	*url, *from, *phrase;
	} cases[] = {
		{ "http://h", FROM, ": it is neither smtp:// nor smtps://; " },
		{ "smtp://u@h", FROM, ": it has a user and no password; " },
		{ "smtp://u:p@x@h", FROM, ": it has more than one @; " },
		{ "smtp://u:%00@h", FROM, ": its user or password is empty, " },
		{ "smtp://[::1", FROM, ": its [ is not closed; " },
		{ "smtp://[x]", FROM, ": what is in brackets is no address; " },
		{ "smtp://-a", FROM, ": its host is no name and no address; " },
		{ "smtp://h/", FROM, ": something follows the host; " },
		{ "smtp://h?x", FROM, ": something follows the host; " },
		{ "smtp://h#x", FROM, ": something follows the host; " },
		{ "smtp://h:0", FROM, ": its port is not a number from 1 to " },
		{ NULL, "Keel", ", not 'Keel'" },
		{ NULL, "a\x1b[1m@b", ", not '(control characters)'" },
		{ NULL, "a\xff@b", ", not '(control characters)'" },
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		what = mail_settings_read(cases[i].url, true, NULL,
		    cases[i].from, &m);
		if (what == NULL || strstr(what, cases[i].phrase) == NULL)
			fail_msg("case %zu: %s", i, what);
		forget(&m, cases[i].from);
	}
}

static void
test_tls(void **state)
{
	static const struct {
		const char	*url;
		bool		 tls;
		bool		 good;
	} cases[] = {
		{ NULL, false, true },
		{ "smtp://mail.example.org", false, true },
		{ "smtps://mail.example.org", false, false },
		{ "smtps://mail.example.org", true, true },
		{ "smtp://u:" HIDDEN "@mail.example.org", false, false },
		{ "smtp://u:" HIDDEN "@192.0.2.1", false, false },
		{ "smtp://u:" HIDDEN "@128.0.0.1", false, false },
		{ "smtp://u:" HIDDEN "@126.255.255.255", false, false },
		{ "smtp://u:" HIDDEN "@localhost.example", false, false },
		{ "smtp://u:" HIDDEN "@[2001:db8::1]", false, false },
		{ "smtp://u:" HIDDEN "@mail.example.org", true, true },
		{ "smtp://u:" HIDDEN "@localhost", false, true },
		{ "smtp://u:" HIDDEN "@127.9.9.9", false, true },
		{ "smtp://u:" HIDDEN "@[::1]:25", false, true },
		{ "smtp://u:" HIDDEN "@[0:0::1]:25", false, true },
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		what = mail_settings_read(cases[i].url, cases[i].tls, NULL,
		    FROM, &m);
		if ((what == NULL) != cases[i].good)
			fail_msg("%zu: %s", i, what == NULL ? "good" : what);
		if (what != NULL) {
			assert_non_null(strstr(what, "KEEL_SMTP_TLS"));
			assert_null(strstr(what, HIDDEN));
		}
		forget(&m, FROM);
	}
}

static void
test_senders(void **state)
{
	static const struct {
		const char	*from;
		const char	*name;
		const char	*address;	/* NULL: refused */
		const char	*domain;
	} cases[] = {
		{ FROM, "Keel", "keel@localhost", "localhost" },
		{ "a.b+c@x.example", "", "a.b+c@x.example", "x.example" },
		{ "<a@x.example>", "", "a@x.example", "x.example" },
		{ "The Keel  team   <a@x-y.example>", "The Keel  team",
		    "a@x-y.example", "x-y.example" },
		{ "\"Keel, Inc.\" <a@b>", "Keel, Inc.", "a@b", "b" },
		{ "Keel, Inc. <a@b>", "Keel, Inc.", "a@b", "b" },
		{ "\"a \\\\ b\" <a@b>", "a \\ b", "a@b", "b" },
		{ "K\u00ebel <a@b>", "K\u00ebel", "a@b", "b" },
		{ "", NULL, NULL, NULL },
		{ "Keel", NULL, NULL, NULL },
		{ "a@", NULL, NULL, NULL },
		{ "@b", NULL, NULL, NULL },
		{ "a@b@c", NULL, NULL, NULL },
		{ "a@b c", NULL, NULL, NULL },
		{ "a@b>", NULL, NULL, NULL },
		{ "Keel <a@b", NULL, NULL, NULL },
		{ "Keel <a@b> ", NULL, NULL, NULL },
		{ "Keel <<a@b>", NULL, NULL, NULL },
		{ "<a@b> <c@d>", NULL, NULL, NULL },
		{ "Keel <>", NULL, NULL, NULL },
		{ "Keel <.a@b>", NULL, NULL, NULL },
		{ "Keel <a@-b>", NULL, NULL, NULL },
		{ "Keel <a@\u00fc.example>", NULL, NULL, NULL },
		{ "Keel <\u00fc@b.example>", NULL, NULL, NULL },
		{ "Keel <\"a\"@b.example>", NULL, NULL, NULL },
		{ "Keel\r\nBcc: x@y.example <a@b>", NULL, NULL, NULL },
		{ "Keel\xff <a@b>", NULL, NULL, NULL },
		{ "Ke\"el <a@b>", NULL, NULL, NULL },
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		what = mail_settings_read(NULL, false, NULL, cases[i].from,
		    &m);
		if ((what == NULL) != (cases[i].address != NULL))
			fail_msg("%s: %s", cases[i].from, what);
		if (what == NULL) {
			assert_string_equal(m.from_name, cases[i].name);
			assert_string_equal(m.from, cases[i].address);
			assert_string_equal(m.from_domain, cases[i].domain);
		} else
			assert_non_null(strstr(what, "KEEL_MAIL_FROM"));
		forget(&m, cases[i].from);
	}
}

#define A10	"aaaaaaaaaa"
#define A60	A10 A10 A10 A10 A10 A10
#define A100	A60 A10 A10 A10 A10
#define U10	"\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60\u4f60"
#define U100	U10 U10 U10 U10 U10 U10 U10 U10 U10 U10
#define LABEL	A60 "a-a"
#define HOST	LABEL "." LABEL "." LABEL "." A60	/* 252 characters */

/* The longest of each, and one character more. */
static void
test_lengths(void **state)
{
	static const struct {
		const char	*url, *from;
		bool		 good;
	} cases[] = {
		{ "smtp://" LABEL, FROM, true },
		{ "smtp://" LABEL "a", FROM, false },
		{ "smtp://" HOST "a", FROM, true },
		{ "smtp://" HOST "aa", FROM, false },
		{ "smtp://a_b-c.x", FROM, true },
		{ "smtp://a.-b", FROM, false },
		{ "smtp://a-.b", FROM, false },
		{ "smtp://a.b.", FROM, false },
		{ NULL, A60 "aaaa@b", true },
		{ NULL, A60 "aaaaa@b", false },
		{ NULL, "a@" HOST "a", true },
		{ NULL, "a@" HOST "aa", false },
		{ NULL, A100 " <a@b>", true },
		{ NULL, A100 "a <a@b>", false },
		{ NULL, U100 " <a@b>", true },
		{ NULL, U100 "\u4f60 <a@b>", false },
	};
	struct mail_settings	 m;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if ((mail_settings_read(cases[i].url, true, NULL,
		    cases[i].from, &m) == NULL) != cases[i].good)
			fail_msg("case %zu", i);
		forget(&m, cases[i].from);
	}
}

/* Quotes belong to the name only when there are two. */
static void
test_quotes(void **state)
{
	static const struct {
		const char	*from;
		const char	*name;		/* NULL: refused */
	} cases[] = {
		{ "\"a\" <a@b>", "a" },
		{ "\"a b \"   <a@b>", "a b " },
		{ "\"\" <a@b>", "" },
		{ "\" <a@b>", NULL },
		{ "a\" <a@b>", NULL },
		{ "\"a <a@b>", NULL },
		{ "\"a\\\"b\" <a@b>", NULL },
		{ "\"a\\\\\" <a@b>", "a\\" },
		{ "\"a\\\" <a@b>", "a\\" },
		{ "\"a<b\" <a@b>", NULL },
		{ "a>b <a@b>", NULL },
	};
	struct mail_settings	 m;
	const char		*what;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		what = mail_settings_read(NULL, true, NULL, cases[i].from, &m);
		if ((what == NULL) != (cases[i].name != NULL))
			fail_msg("%s: %s", cases[i].from, what);
		if (what == NULL)
			assert_string_equal(m.from_name, cases[i].name);
		forget(&m, cases[i].from);
	}
}

static void
test_authorities(void **state)
{
	struct mail_settings	 m;
	const char		*what;

	(void)state;
	what = mail_settings_read(NULL, false, "/nonexistent/ca.pem", FROM,
	    &m);
	assert_non_null(strstr(what, "KEEL_SMTP_CA"));
	what = mail_settings_read(NULL, false, "Makefile", FROM, &m);
	assert_non_null(strstr(what, "KEEL_SMTP_CA"));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_invalid_urls),
		cmocka_unit_test(test_what_is_wrong),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_authorities),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
