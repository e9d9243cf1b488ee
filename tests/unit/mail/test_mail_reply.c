/* SPDX-License-Identifier: ISC */
/* A reply of any number of lines becomes one line of text. */

/* sources: src/mail/mail_reply.c src/mail/mail_text.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

#include "mail/smtp.h"
#include "utils/utf8.h"


static char	text[REPLY_MAX];

static const char *
reply_of(struct reply *r, const char *const *lines)
{
	reply_clear(r);
	for (; *lines != NULL; lines++)
		reply_add(r, *lines, strlen(*lines));
	return (reply_text(r, text));
}

static void
test_lines(void **state)
{
	static const struct {
		const char	*lines[5];
		const char	*code, *status, *text;
	} cases[] = {
		{ { NULL }, "", "", "" },
		{ { "550 No\r\n" }, "550", "", "550 No" },
		{ { "550\r\n" }, "550", "", "550" },
		{ { "550 " }, "550", "", "550" },
		{ { "550 5.1.1 No" }, "550", "5.1.1", "550 5.1.1 No" },
		{ { "550 5.1.1" }, "550", "5.1.1", "550 5.1.1" },
		{ { "550-One", "550-two", "550 three" }, "550", "",
		    "550 One two three" },
		/* The enhanced code once, wherever it comes first. */
		{ { "550-5.7.1 One", "550-5.7.1 two", "550 5.7.1 three" },
		    "550", "5.7.1", "550 5.7.1 One two three" },
		{ { "550-One", "550 5.7.1 two" }, "550", "5.7.1",
		    "550 5.7.1 One two" },
		{ { "550-5.1.1 One", "550 5.7.1 two" }, "550", "5.1.1",
		    "550 5.1.1 One 5.7.1 two" },
		{ { "550-5.7.1 One", "550 5.7.12 two" }, "550", "5.7.1",
		    "550 5.7.1 One 5.7.12 two" },
		{ { "550-5.7.12 One", "550 5.7.1 two" }, "550", "5.7.12",
		    "550 5.7.12 One 5.7.1 two" },
		{ { "550 5.123.123 x" }, "550", "5.123.123",
		    "550 5.123.123 x" },
		{ { "451 4.7.1 x" }, "451", "4.7.1", "451 4.7.1 x" },
		{ { "550-#5.7.1 One", "550 5.7.1: two" }, "550", "5.7.1",
		    "550 5.7.1 One two" },
		{ { "550 5.7.1, it is" }, "550", "5.7.1", "550 5.7.1 it is" },
		/* No enhanced codes. */
		{ { "550 # one" }, "550", "", "550 # one" },
		{ { "550 5.1234.1 x" }, "550", "", "550 5.1234.1 x" },
		{ { "550 3.1.1 x" }, "550", "", "550 3.1.1 x" },
		{ { "550 5.1 x" }, "550", "", "550 5.1 x" },
		{ { "550 5..1 x" }, "550", "", "550 5..1 x" },
		{ { "550 5.1.1. x" }, "550", "", "550 5.1.1. x" },
		/* The code is that of the last line. */
		{ { "550-One", "451 two" }, "451", "", "451 One two" },
		{ { "550-One" }, "", "", " One" },
		/* Lines that are none, and lines that say nothing. */
		{ { "Hello", "55", "5x0 y", "550_No" }, "", "", "" },
		{ { "550-", "550- * * * ", "550 No" }, "550", "", "550 No" },
		{ { "550-   ", "550 \u00fc" }, "550", "", "550 \u00fc" },
		/* Printable characters only. */
		{ { "550 a\tb\x1b[1m\x7f" }, "550", "", "550 a?b?[1m?" },
		{ { "550 \u202e\xc2\x85.a\xff\xc3" }, "550", "",
		    "550 ??.a??" },
		{ { "550 a\r\nb" }, "550", "", "550 a??b" },
	};
	struct reply	 r;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		reply_of(&r, cases[i].lines);
		if (strcmp(r.code, cases[i].code) != 0 ||
		    strcmp(r.status, cases[i].status) != 0 ||
		    strcmp(text, cases[i].text) != 0)
			fail_msg("case %zu: '%s' '%s' '%s'", i, r.code,
			    r.status, text);
	}
}

#define BEGINS	"550 5.7.1 line 0 of \u4f60 it line 1 of "
#define ENDS	"line 998 of \u4f60 it line 999 of \u4f60 it The reason"

/* Of one that is too long, the beginning and the end. */
static void
test_an_endless_reply(void **state)
{
	struct reply	 r;
	char		 line[64];
	unsigned	 i;

	(void)state;
	reply_clear(&r);
	for (i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "550-5.7.1 line %u of \u4f60 it",
		    i);
		reply_add(&r, line, strlen(line));
		reply_text(&r, text);
		assert_true(utf8_valid(text, strlen(text)));
		assert_int_equal(strlen(r.text), r.len);
	}
	reply_add(&r, "550 5.7.1 The reason", 20);
	reply_text(&r, text);
	assert_memory_equal(text, BEGINS, strlen(BEGINS));
	assert_non_null(strstr(text, " ..."));
	assert_string_equal(text + strlen(text) - strlen(ENDS), ENDS);
	assert_true(r.len > REPLY_TEXT - 40);
	assert_null(strstr(strstr(text, " ...") + 1, " ..."));
}

/* At every length, of lines of one byte to those that are cut. */
static void
test_every_length(void **state)
{
	static const char	*const	 letters[] = { "x", "\u00fc", "\u4f60",
					    "\U0001f600" };
	struct reply	 r;
	char		 line[4096];
	size_t		 n, i, j, used;

	(void)state;
	for (n = 1; n < 500; n += 7) {
		for (j = 0; j < COUNT(letters); j++) {
			used = (size_t)snprintf(line, sizeof(line), "550-");
			for (i = 0; i < n; i++)
				used += (size_t)snprintf(line + used,
				    sizeof(line) - used, "%s", letters[j]);
			reply_clear(&r);
			for (i = 0; i < 20; i++) {
				reply_add(&r, line, used);
				assert_true(r.len < REPLY_TEXT);
				assert_true(utf8_valid(r.text, r.len));
				assert_int_equal(strlen(r.text), r.len);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_an_endless_reply),
		cmocka_unit_test(test_every_length),
	};

	return (cmocka_run_group_tests_name("mail_reply", tests, NULL, NULL));
}
