/* SPDX-License-Identifier: ISC */
/* Templates: what the start refuses, and how values are filled in. */

/* sources: src/mail/mail_template.c src/mail/mail_text.c */
/* sources: src/base/arena.c src/base/mem.c */

#include "mail_fixture.h"

static struct arena	arena;

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena, false);
	return (0);
}

static void
test_invalid_templates(void **state)
{
	static const struct {
		const char	*text;
		const char	*html;
		const char	*phrase;	/* NULL: it is valid */
	} cases[] = {
		{ "Subject: a {{name}}\n\n{{url}}\n", "x", NULL },
		{ "Subject: a\n\n", "{{name}}{{url}} }} {", NULL },
		{ "Subject: a\n\n{{name}}", "{{url}}{{", "t.en.html, line 1" },
		{ "Subject: a\n\n{{name}}", "{{url}}\n\n{{ name}}",
		    "t.en.html, line 3" },
		{ "Subject: a\n\n{{name}}", "{{url}}{{name}", "t.en.html" },
		{ "Subject: a\n\n{{Name}}", "{{url}}", "t.en.txt, line 3" },
		{ "Subject: a\n\n{{}}", "{{url}}", "t.en.txt, line 3" },
		{ "Subject: {{{name}}}\n\n", "{{url}}", "t.en.txt, line 1" },
		{ "Subject: a\n\n{{name}}", "{{url}}{{urls}}",
		    "declares no urls" },
		{ "Subject: a\n\n{{nam}}{{name}}", "{{url}}",
		    "declares no nam" },
		{ "Subject: a\n\nname {{name}}", "url", "declares url" },
		{ "Subject: a\nb\n", "{{name}}{{url}}", "Subject: ..." },
		{ "Subject: \n\nb\n", "{{name}}{{url}}", "Subject: ..." },
		{ "subject: a\n\n", "{{name}}{{url}}", "Subject: ..." },
		{ "Subject: a", "{{name}}{{url}}", "Subject: ..." },
		{ "", "", "Subject: ..." },
		{ "Subject: a\n\n\r", "{{name}}{{url}}", "control" },
		{ "Subject: a\n\n", "\t{{name}}{{url}}", "t.en.html" },
		{ "Subject: a\n\n\xff", "{{name}}{{url}}", "UTF-8" },
	};
	struct mail	 m;
	const char	*what;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		m = mail_of(cases[i].text, cases[i].html);
		what = mail_check(&m);
		if (cases[i].phrase == NULL ? what != NULL : what == NULL ||
		    strstr(what, cases[i].phrase) == NULL)
			fail_msg("%zu: %s", i, what == NULL ? "good" : what);
	}
}

/* Its title is the subject; neither it nor the content is a placeholder. */
static void
test_a_frame(void **state)
{
	static const struct {
		const char	*frame;
		const char	*html;		/* NULL: it is not valid */
	} cases[] = {
		{ "<{{title}}>{{content}}.", "<a &lt;b&gt;>&lt;b&gt; u." },
		{ "{{title}}{{content}}", "a &lt;b&gt;&lt;b&gt; u" },
		{ "{{content}}{{title}}", NULL }, { "{{title}}", NULL },
		{ "{{content}}", NULL }, { "", NULL },
		{ "<a lang={{lang}}>{{title}}<b lang={{lang}}>{{content}}"
		    "<i {{lang}}>", "<a lang=en>a &lt;b&gt;<b lang=en>"
		    "&lt;b&gt; u<i en>" },
	};
	struct mail	 m = mail_of("Subject: a {{name}}\n\nx",
			    "{{name}} {{url}}");
	struct text	 t;
	char		*got;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		m.frame = cases[i].frame;
		if (cases[i].html == NULL) {
			assert_non_null(strstr(mail_check(&m), "frame.html"));
			continue;
		}
		assert_null(mail_check(&m));
		t = arena_text(&arena);
		mail_expand(&t, &m, PART_HTML, CONTEXT(FROM_USER("name",
		    "<b>"), OURS("url", "u")));
		got = string_of(&t);
		assert_string_equal(got, cases[i].html);
		free(got);
	}
}

/* A placeholder's name has at most 40 characters. */
static void
test_long_names(void **state)
{
	static const char *const	 names[] = {
		"abcdefghij_klmnopqrst_uvwxyzabcd_efghijk",
		"abcdefghij_klmnopqrst_uvwxyzabcd_efghijkl",
	};
	struct mail	 m;
	char		 text[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof(text), "Subject: {{%s}}\n\n", names[i]);
		m = mail_of(text, "");
		m.values = &names[i];
		m.nvalues = 1;
		assert_int_equal(mail_check(&m) == NULL, i == 0);
	}
}

/* One name may be the beginning of another. */
static void
test_similar_names(void **state)
{
	static const char *const	 names[] = { "names", "name" };
	struct mail			 m = mail_of("Subject: {{name}}\n\n",
					    "{{names}}");
	struct text			 t = arena_text(&arena);
	char				*got;

	(void)state;
	m.values = names;
	assert_null(mail_check(&m));
	mail_expand(&t, &m, PART_SUBJECT, CONTEXT(OURS("names", "all"),
	    OURS("name", "one")));
	got = string_of(&t);
	assert_string_equal(got, "one");
	free(got);
	assert_string_equal(mail_lacks(&m, CONTEXT(OURS("names", "all"))),
	    "name");
	m.text = "Subject: x\n\n";
	assert_non_null(strstr(mail_check(&m), "declares name,"));
}

/* Every mail may say the product's title, unless it has such a value. */
static void
test_the_products_title(void **state)
{
	static const char *const	 names[] = { "product" };
	struct mail			 m;
	struct text			 t = arena_text(&arena);
	char				*got;

	(void)state;
	m = mail_of("Subject: x\n\n{{product}}", "{{name}}{{url}}");
	assert_null(mail_check(&m));
	mail_expand(&t, &m, PART_TEXT, CONTEXT(OURS("name", "")));
	got = string_of(&t);
	assert_string_equal(got, "Keel");
	free(got);

	m = mail_of("Subject: x\n\n{{product}}", "");
	m.values = names;
	m.nvalues = 1;
	t = arena_text(&arena);
	mail_expand(&t, &m, PART_TEXT, CONTEXT(OURS("product", "mine")));
	got = string_of(&t);
	assert_string_equal(got, "mine");
	free(got);
}

static void
check(enum mail_part part, const char *value, const char *want)
{
	struct mail	 m = mail_of("Subject: [{{name}}]\n\n[{{name}}]",
			    "[{{name}}]");
	struct text	 t = arena_text(&arena);
	char		*got;

	mail_expand(&t, &m, part, CONTEXT(FROM_USER("name", value),
	    OURS("url", "")));
	got = string_of(&t);
	assert_string_equal(got, want);
	free(got);
}

static void
test_values_are_escaped(void **state)
{
	(void)state;
	check(PART_TEXT, "Bob", "[Bob]");
	check(PART_TEXT, "<b>&\"'", "[<b>&\"']");
	check(PART_HTML, "<b>&\"'", "[&lt;b&gt;&amp;&quot;&#39;]");
	check(PART_HTML, "<script>alert(1)</script>",
	    "[&lt;script&gt;alert(1)&lt;/script&gt;]");
	check(PART_TEXT, "{{url}}", "[{{url}}]");
	check(PART_SUBJECT, "{{name}}", "[{{name}}]");
}

static void
test_no_value_breaks_a_line(void **state)
{
	enum mail_part	 part;

	(void)state;
	for (part = PART_SUBJECT; part <= PART_HTML; part++) {
		check(part, "a\r\nBcc: b@c.example", "[a Bcc: b@c.example]");
		check(part, "\t\n", "[ ]");
		check(part, "a\xc2\x85" "b\u2028c\u2029d\x7f" "e\x01",
		    "[a b c d e ]");
		check(part, "\u202ea\u2066b\u2069", "[ a b ]");
		check(part, "a\xff\xc3", "[a\ufffd\ufffd]");
		check(part, "\u05d0\u200d\U0001f600",
		    "[\u05d0\u200d\U0001f600]");
		check(part, "", "[]");
	}
}

static void
test_a_long_value_is_cut_in_the_subject(void **state)
{
	char	 value[512] = "", want[600];
	int	 i;

	(void)state;
	for (i = 0; i < 100; i++)
		strcat(value, "\u4f60");
	snprintf(want, sizeof(want), "[%s]", value);
	check(PART_SUBJECT, value, want);
	snprintf(want, sizeof(want), "[%s\u2026]", value);
	strcat(value, "xy");
	check(PART_SUBJECT, value, want);
	snprintf(want, sizeof(want), "[%s]", value);
	check(PART_TEXT, value, want);
}

static void
test_missing_values(void **state)
{
	struct mail	 m = mail_of("", "");

	(void)state;
	assert_null(mail_lacks(&m, CONTEXT(OURS("url", ""),
	    FROM_USER("name", "x"))));
	assert_string_equal(mail_lacks(&m, CONTEXT(FROM_USER("name", "x"))),
	    "url");
	assert_string_equal(mail_lacks(&m, CONTEXT(FROM_USER("name", NULL),
	    OURS("url", ""))), "name");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_invalid_templates),
		cmocka_unit_test(test_a_frame),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_similar_names),
		cmocka_unit_test(test_the_products_title),
		cmocka_unit_test(test_values_are_escaped),
		cmocka_unit_test(test_no_value_breaks_a_line),
		cmocka_unit_test(test_a_long_value_is_cut_in_the_subject),
		cmocka_unit_test(test_missing_values),
	};

	return (cmocka_run_group_tests(tests, NULL, teardown));
}
