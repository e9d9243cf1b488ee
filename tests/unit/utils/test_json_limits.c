/* SPDX-License-Identifier: ISC */
/* How deep JSON text nests, and how much it holds: strings do not count. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "utils/json_limits.h"

static void
test_depth(void **state)
{
	static const struct {
		const char	*text;
		unsigned	 depth;
	} rows[] = {
		{ "", 0 }, { "1", 0 }, { "{}", 1 }, { "[[]]", 2 },
		{ "{\"a\":[{}]}", 3 }, { "{},[],{}", 1 }, { "[[", 2 },
		{ "]]][", 1 }, { "\"[[\"", 0 }, { "[\"]\",[]]", 2 },
		{ "\"\\\"[\"", 0 }, { "\"\\\\\"[", 1 }, { "\"[", 0 },
		{ "\"\\", 0 },
	};
	size_t	 i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].text);
		if (json_nests_deeper(rows[i].text, len, rows[i].depth))
			fail_msg("%s: deeper", rows[i].text);
		if (rows[i].depth > 0 && !json_nests_deeper(rows[i].text, len,
		    rows[i].depth - 1))
			fail_msg("%s: not so deep", rows[i].text);
	}
	assert_false(json_nests_deeper("[[", 1, 1));
}

static void
test_values(void **state)
{
	static const struct {
		const char	*text;
		size_t		 values;
	} rows[] = {
		{ "", 1 }, { "1", 1 }, { "[1]", 2 }, { "[1,2]", 3 },
		{ "{\"a\":[1,{}],\"b\":2}", 6 }, { "\",[{\"", 1 },
		{ "\"\\\",\",1", 2 }, { "\"\\\\\",1", 2 }, { "\",", 1 },
		{ "\"\\", 1 }, { "]}:", 1 },
	};
	size_t	 i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].text);
		if (json_holds_more(rows[i].text, len, rows[i].values))
			fail_msg("%s: more", rows[i].text);
		if (!json_holds_more(rows[i].text, len, rows[i].values - 1))
			fail_msg("%s: not so many", rows[i].text);
	}
	assert_false(json_holds_more("[,", 1, 2));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_values),
	};

	return (cmocka_run_group_tests_name("json_limits", tests, NULL, NULL));
}
