/* SPDX-License-Identifier: ISC */
/* Templates of HTML: placeholders, and text that cannot become markup. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/html.h"

static char	buffer[512];

static const char *
filled(const char *template, const struct html_value *values)
{
	struct text	 t = text_in(buffer, sizeof(buffer));

	html_fill(&t, template, values);
	return (t.cut ? NULL : t.data);
}

static void
test_placeholders(void **state)
{
	const struct html_value	*values = HTML_VALUES(HTML_TEXT("a", "1"),
				    HTML_TEXT("ab", "2"), HTML_TEXT("e", ""));

	(void)state;
	assert_string_equal(filled("", values), "");
	assert_string_equal(filled("plain { } text", values),
	    "plain { } text");
	assert_string_equal(filled("{{a}}", values), "1");
	assert_string_equal(filled("x{{a}}y{{ab}}{{e}}{{a}}z", values),
	    "x1y21z");
	assert_string_equal(filled("<p>", HTML_VALUES({ 0 })), "<p>");
}

static void
test_a_placeholder_without_a_value(void **state)
{
	const struct html_value	*values = HTML_VALUES(HTML_TEXT("ab", "1"));

	(void)state;
	assert_null(filled("{{b}}", values));
	assert_null(filled("{{a}}", values));
	assert_null(filled("{{abc}}", values));
	assert_null(filled("{{}}", values));
	assert_null(filled("{{ab", values));
	assert_null(filled("x {{", values));
}

static void
test_text_is_escaped(void **state)
{
	static const char	 text[] = "<a href=\"x\">'&amp;'</a>";

	(void)state;
	assert_string_equal(filled("[{{t}}]", HTML_VALUES(HTML_TEXT("t",
	    text))), "[&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;"
	    "&lt;/a&gt;]");
	assert_string_equal(filled("[{{t}}]", HTML_VALUES(HTML_AS_IT_IS("t",
	    text))), "[<a href=\"x\">'&amp;'</a>]");
	assert_string_equal(filled("{{t}}", HTML_VALUES(HTML_TEXT("t",
	    "\xc3\xa9 {{t}} =`/\n"))), "\xc3\xa9 {{t}} =`/\n");
}

static void
test_a_character_is_escaped(void **state)
{
	struct text	 t = text_in(buffer, sizeof(buffer));

	(void)state;
	html_escape(&t, "\"x", 1);
	html_escape(&t, "\xc3\xa9<", 2);
	assert_string_equal(t.data, "&quot;\xc3\xa9");
}

static void
test_a_page_that_does_not_fit(void **state)
{
	struct text	 t = text_in(buffer, 8);

	(void)state;
	html_fill(&t, "<p>{{a}}</p>", HTML_VALUES(HTML_TEXT("a", "<<<")));
	assert_true(t.cut);
	assert_true(t.len < 8);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_placeholders),
		cmocka_unit_test(test_a_placeholder_without_a_value),
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_a_character_is_escaped),
		cmocka_unit_test(test_a_page_that_does_not_fit),
	};

	return (cmocka_run_group_tests_name("html", tests, NULL, NULL));
}
