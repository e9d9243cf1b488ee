/* SPDX-License-Identifier: ISC */
/* Names and titles: one line that people can see, in one form. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/line.h"

static const struct {
	const char	*text;
	enum line_fault	 fault;
	uint32_t	 code;
	size_t		 length;
	const char	*normal;
} rows[] = {
	{ "Ada", LINE_FINE, 0, 3, "Ada" },
	{ "Ada Lovelace", LINE_FINE, 0, 12, "Ada Lovelace" },
	{ " \t\u00a0Ada\u3000\r\n", LINE_FINE, 0, 3, "Ada" },
	{ "Jos\u00e9", LINE_FINE, 0, 4, "Jos\u00e9" },
	{ "Jose\u0301", LINE_FINE, 0, 4, "Jos\u00e9" },
	{ " Jose\u0301 ", LINE_FINE, 0, 4, "Jos\u00e9" },
	{ "\u0958", LINE_FINE, 0, 2, "\u0915\u093c" },
	{ "\u1112\u1161\u11ab", LINE_FINE, 0, 1, "\ud55c" },
	{ "-", LINE_FINE, 0, 1, "-" }, { "0", LINE_FINE, 0, 1, "0" },
	{ "\U0001f600", LINE_FINE, 0, 1, "\U0001f600" },
	{ "\u0645\u06cc\u200c\u062e", LINE_FINE, 0, 4,
	    "\u0645\u06cc\u200c\u062e" },
	{ "\U0001f468\u200d\U0001f467", LINE_FINE, 0, 3,
	    "\U0001f468\u200d\U0001f467" },
	{ "\U000323b0", LINE_FINE, 0, 1, "\U000323b0" },  /* unassigned */
	{ "a\u200b", LINE_FINE, 0, 2, "a\u200b" },

	{ "", LINE_UNSEEN, 0, 0, "" }, { " \u2003\t", LINE_UNSEEN, 0, 0, "" },
	{ "\u200b", LINE_UNSEEN, 0, 1, NULL },
	{ "\u00ad", LINE_UNSEEN, 0, 1, NULL },
	{ "\u2060\u200d", LINE_UNSEEN, 0, 2, NULL },
	{ "\u0301", LINE_UNSEEN, 0, 1, NULL },
	{ "\u115f", LINE_UNSEEN, 0, 1, NULL },
	{ "\u1160", LINE_UNSEEN, 0, 1, NULL },
	{ "\u3164", LINE_UNSEEN, 0, 1, NULL },
	{ "\uffa0", LINE_UNSEEN, 0, 1, NULL },
	{ "\u2800", LINE_UNSEEN, 0, 1, NULL },
	{ "\U0001d159", LINE_UNSEEN, 0, 1, NULL },
	{ "\ue000", LINE_UNSEEN, 0, 1, NULL },
	{ "\ufffe", LINE_UNSEEN, 0, 1, NULL },
	{ "\U000e0041", LINE_UNSEEN, 0, 1, NULL },

	{ "a\nb", LINE_BREAK, 0x0a, 3, NULL },
	{ "a\rb", LINE_BREAK, 0x0d, 3, NULL },
	{ "a\vb", LINE_BREAK, 0x0b, 3, NULL },
	{ "a\xc2\x85" "b", LINE_BREAK, 0x85, 3, NULL },
	{ "a\u2028b", LINE_BREAK, 0x2028, 3, NULL },
	{ "a\u2029b", LINE_BREAK, 0x2029, 3, NULL },
	{ "a\tb", LINE_CONTROL, 0x09, 3, NULL },
	{ "\a", LINE_CONTROL, 0x07, 1, NULL },
	{ "a\x7f", LINE_CONTROL, 0x7f, 2, NULL },
	{ "a\xc2\x9f", LINE_CONTROL, 0x9f, 2, NULL },
	{ "a\u061c", LINE_DIRECTION, 0x61c, 2, NULL },
	{ "\u200e", LINE_DIRECTION, 0x200e, 1, NULL },
	{ "a\u200f", LINE_DIRECTION, 0x200f, 2, NULL },
	{ "a\u202a", LINE_DIRECTION, 0x202a, 2, NULL },
	{ "\u202ea", LINE_DIRECTION, 0x202e, 2, NULL },
	{ "a\u2066", LINE_DIRECTION, 0x2066, 2, NULL },
	{ "a\u2069", LINE_DIRECTION, 0x2069, 2, NULL },
};

static void
test_rows(void **state)
{
	char		 out[128];
	uint32_t	 code;
	size_t		 i, length;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		code = 0;
		length = 99;
		if (line_check(rows[i].text, &code, &length) !=
		    rows[i].fault || length != rows[i].length ||
		    (rows[i].code != 0 && code != rows[i].code))
			fail_msg("row %zu: U+%04X, %zu characters", i,
			    (unsigned)code, length);
		if (rows[i].normal == NULL)
			continue;
		assert_true(line_normal(rows[i].text, out));
		assert_string_equal(out, rows[i].normal);
	}
}

/* NFC makes a text longer, or up to four times shorter. */
static void
test_lengths(void **state)
{
	char		 text[64] = "", out[192];
	uint32_t	 code;
	size_t		 i, length;

	(void)state;
	for (i = 0; i < 4; i++)		/* alpha and three marks: U+1F82 */
		strcat(text, "\u03b1\u0313\u0300\u0345");
	assert_int_equal(line_check(text, &code, &length), LINE_FINE);
	assert_int_equal(length, 4);
	assert_true(line_normal(text, out));
	assert_string_equal(out, "\u1f82\u1f82\u1f82\u1f82");
	assert_int_equal(line_check("\U0001d160", &code, &length),
	    LINE_FINE);
	assert_int_equal(length, 3);
	assert_true(line_normal("\U0001d160", out));
	assert_int_equal(strlen(out), 12);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lengths),
	};

	return (cmocka_run_group_tests_name("line", tests, NULL, NULL));
}
