/* SPDX-License-Identifier: ISC */
/* Whole messages. mail_differential.py parses such messages with Python. */

/* sources: src/mail/mail_compose.c src/mail/mail_template.c */
/* sources: src/mail/mail_text.c src/mail/mail_settings.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* defines: -DFAULTS */

#include "mail_fixture.h"

#include "base/faults.h"

static struct arena		arena;
static struct mail_settings	settings;

static int
setup(void **state)
{
	(void)state;
	assert_null(mail_settings_read(NULL, false, NULL, "keel@x.example",
	    &settings));
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	faults_select(NULL);
	arena_free(&arena, false);
	return (0);
}

static char *
compose(const char *name)
{
	struct mail	 m = mail_of("Subject: Hi {{name}}\n\nDear {{name}},\n",
			    "<p>{{name}} {{url}}</p>\n");
	struct message	 message = { .id = JOB_ID, .date = DATE };

	assert_true(mail_recipient(&arena, "bob@example.org", &message));
	assert_true(mail_compose(&arena, &m, &settings,
	    CONTEXT(FROM_USER("name", name),
	    OURS("url", "https://x.example")),
	    &message));
	assert_string_equal(message.from, "keel@x.example");
	assert_string_equal(message.to, "bob@example.org");
	assert_false(message.utf8);
	return (strndup(message.data, message.len));
}

static void
test_a_message(void **state)
{
	char	*got = compose("Bob");

	(void)state;
	assert_string_equal(got,
	    "From: <keel@x.example>\r\n"
	    "To: <bob@example.org>\r\n"
	    "Subject: Hi Bob\r\n"
	    "Date: Tue, 24 Nov 2026 21:57:43 +0000\r\n"
	    "Message-ID: <" JOB_ID "@x.example>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "Content-Language: en\r\n"
	    "Content-Type: multipart/alternative;\r\n"
	    " boundary=\"=_" JOB_ID "\"\r\n"
	    "\r\n"
	    "--=_" JOB_ID "\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "Dear Bob,\r\n"
	    "\r\n"
	    "--=_" JOB_ID "\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "<p>Bob https://x.example</p>\r\n"
	    "\r\n"
	    "--=_" JOB_ID "--\r\n");
	free(got);
}

/* A name can add no header, and all lines stay short and ASCII. */
static void
test_hostile_names(void **state)
{
	static const char *const	 names[] = {
		"a\r\nBcc: b@c.example", "a\r\n\r\nbody", "\n.\n", "....",
		"--=_" JOB_ID "--", "=?utf-8?q?x?=", "\"quoted\" <a@b.example>",
		"\u202e<script>", "\U0001f600\U0001f600", "",
	};
	char	*got, *again, *head, *line, *save;
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		got = compose(names[i]);
		again = compose(names[i]);
		assert_string_equal(got, again);
		free(again);
		head = strndup(got, (size_t)(strstr(got, "\r\n\r\n") - got));
		assert_null(strcasestr(head, "\nbcc:"));
		free(head);
		for (line = strtok_r(got, "\r\n", &save); line != NULL;
		    line = strtok_r(NULL, "\r\n", &save)) {
			assert_true(strlen(line) <= 78);
			for (; *line != '\0'; line++)
				assert_true(*line >= ' ' && *line < 0x7f);
		}
		free(got);
	}
}

/* Six of these, and the rest of an address, have 319 bytes. */
#define LONG	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x"

static void
test_recipients(void **state)
{
	static const struct {
		const char	*address;
		const char	*to;		/* NULL: refused */
		bool		 utf8;
	} cases[] = {
		{ "a@b.example", "a@b.example", false },
		{ "a!#$%&'*+-/=?^_`{|}~@b.example",
		    "a!#$%&'*+-/=?^_`{|}~@b.example", false },
		{ "\"a b@c\"@d.example", "\"a b@c\"@d.example", false },
		{ "\"a\\\"b\"@d.example", "\"a\\\"b\"@d.example", false },
		{ "a@b\u00fccher.example", "a@xn--bcher-kva.example", false },
		{ "j\u00fcrgen@b\u00fccher.example",
		    "j\u00fcrgen@b\u00fccher.example", true },
		{ "\u00fc@b.example", "\u00fc@b.example", true },
		{ "a@fa\u00df.example", "a@xn--fa-hia.example", false },
		{ "A.b@B-C.Example", "A.b@B-C.Example", false },
		{ "\"\"@b.example", "\"\"@b.example", false },
		{ "\"@b.example", NULL, false },
		{ "\"a@b.example", NULL, false },
		{ "a\"@b.example", NULL, false },
		{ "\"\\<\"@c.example", NULL, false },
		{ "\"a>\"@c.example", NULL, false },
		{ "\"a<\"@c.example", NULL, false },
		{ "a@b_c.example", NULL, false },
		{ "a@b.example.", NULL, false },
		{ "abcd@" LONG LONG LONG LONG LONG LONG ".example",
		    "abcd@" LONG LONG LONG LONG LONG LONG ".example", false },
		{ "abcde@" LONG LONG LONG LONG LONG LONG ".example", NULL,
		    false },
		{ "", NULL, false }, { "a", NULL, false },
		{ "@b.example", NULL, false }, { "a@", NULL, false },
		{ "a b@c.example", NULL, false },
		{ "a@b c.example", NULL, false },
		{ "a@b,c@d.example", NULL, false },
		{ "a@b.example>", NULL, false },
		{ "<a@b.example", NULL, false },
		{ "\"a\"b\"@c.example", NULL, false },
		{ "\"a\\\"@c.example", NULL, false },
		{ "\"<a>\"@c.example", NULL, false },
		{ "\"\\>\"@c.example", NULL, false },
		{ "a@b.example\r\nRCPT TO:<x@y.example>", NULL, false },
		{ "\"\r\n\"@b.example", NULL, false },
		{ "a\u2028@b.example", NULL, false },
		{ "a\xff@b.example", NULL, false },
		{ "a..b@c.example", NULL, false },
		{ "a@.c.example", NULL, false },
		{ "a@[127.0.0.1]", NULL, false },
	};
	struct message	 m;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&m, 0, sizeof(m));
		if (mail_recipient(&arena, cases[i].address, &m) !=
		    (cases[i].to != NULL))
			fail_msg("%s", cases[i].address);
		if (cases[i].to != NULL) {
			assert_string_equal(m.to, cases[i].to);
			assert_int_equal(m.utf8, cases[i].utf8);
		}
	}
}

/* Each allocation fails in turn, and mail_compose() reports it. */
static void
test_memory_runs_short(void **state)
{
	struct mail	 m = mail_of("Subject: {{name}}\n\n{{name}}",
			    "{{url}}");
	struct message	 message;
	struct faults	 faults;
	char		 name[9000];
	unsigned	 n;
	bool		 done;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (n = 1, done = false; !done; n++) {
		assert_true(n < 100);
		arena_free(&arena, false);
		memset(&message, 0, sizeof(message));
		message.id = JOB_ID;
		memset(&faults, 0, sizeof(faults));
		faults.countdown[FAULT_ALLOC] = n;
		faults_select(&faults);
		done = mail_recipient(&arena, "a@b.example", &message) &&
		    mail_compose(&arena, &m, &settings,
		    CONTEXT(FROM_USER("name", name), OURS("url", name)),
		    &message);
		faults_select(NULL);
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_a_message),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_memory_runs_short),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
