/* SPDX-License-Identifier: ISC */
/* Accept: the weight of a media type. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/media_range.h"

#define BROWSER								\
	"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static void
test_weights(void **state)
{
	static const struct {
		const char	*header;
		unsigned	 html, json;
	} rows[] = {
		{ "", 0, 0 }, { " ", 0, 0 }, { ",,;q=1, ", 0, 0 },
		{ "*/*", 1000, 1000 }, { "*", 0, 0 }, { "image/png", 0, 0 },
		{ BROWSER, 1000, 800 },
		{ "text/html", 1000, 0 }, { "TEXT/HTML", 1000, 0 },
		{ "text/*", 1000, 0 }, { "Text/*;q=0.3", 300, 0 },
		{ "text/*x", 0, 0 }, { "text/", 0, 0 }, { "t/*", 0, 0 },
		{ "font/*", 0, 0 },
		{ "text/html2", 0, 0 }, { "text/htm", 0, 0 },
		{ "application/json", 0, 1000 },
		{ "application/json, text/html", 1000, 1000 },
		{ "application/json;charset=utf-8", 0, 1000 },
		{ "application/json ; charset=utf-8 ; q=0.7", 0, 700 },
		{ "text/html\t;\tQ=0.25 , application/json", 250, 1000 },
		{ "text/html;q=0.001, application/json;q=0.999", 1, 999 },
		{ "text/html;q=0, */*", 0, 1000 },
		{ "*/*, text/html;q=0", 0, 1000 },
		{ "text/*;q=0.5, text/html;q=0.2, */*;q=0.9", 200, 900 },
		{ "text/html;q=0.2, text/*;q=0.5", 200, 0 },
		{ "text/html;q=0.2, text/html;q=0.4", 400, 0 },
		{ "text/html;q=0.4, text/html;q=0.2", 400, 0 },
		{ "text/html;q=1.000", 1000, 0 }, { "text/html;q=9", 1000, 0 },
		{ "text/html;q=", 0, 0 }, { "text/html;q=x", 0, 0 },
		{ "text/html;q=0.12345", 123, 0 },
		{ "text/html;q=00000000000000000000", 0, 0 },
		{ "text/html;", 1000, 0 },
		{ "text/html;,*/*;q=0.1", 1000, 100 },
		{ "text/html;level=1,*/*;q=0.1", 1000, 100 },
	};
	char	*copy;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* AddressSanitizer sees one byte too many. */
		copy = strdup(rows[i].header);
		assert_non_null(copy);
		if (media_range_weight(copy, "text/html") != rows[i].html ||
		    media_range_weight(copy, "application/json") !=
		    rows[i].json)
			fail_msg("%s: %u, %u", copy,
			    media_range_weight(copy, "text/html"),
			    media_range_weight(copy, "application/json"));
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_weights),
	};

	return (cmocka_run_group_tests_name("media_range", tests, NULL, NULL));
}
