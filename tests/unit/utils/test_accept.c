/* SPDX-License-Identifier: ISC */
/* The media types and codings that are accepted, and a body's coding. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/accept.h"

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static int
weight_of(const char *header, const char *coding)
{
	char	*copy = strdup(header);
	int	 weight;

	assert_non_null(copy);
	weight = coding_weight(copy, coding);
	free(copy);
	return (weight);
}

static void
test_accepted(void **state)
{
	static const char *const	 headers[] = {
		"gzip", "deflate, GZIP , br", "br,gzip", "gzip,br",
		"br,\tgzip\t;\tq=1", "gzip;", "gzip; ", "gzip;q=1",
		"gzip ; q=1.0", "gzip;Q=1.000", "gzip;level=0", "*",
		"gzip;level=0;q=1", "gzip;q=1, *;q=0", "*;q=0, gzip",
		",, gzip ,", "gzip ;", "gzip;qq=0", "gzip;a=\"b\"",
		"gzip;a=\"b;q=0,\"", "gzip;a=\"\\\";q=0\"", "gzip;a=\"\\\\\"",
		"br;a=\",\", gzip", "br x, gzip",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (weight_of(headers[i], "gzip") != 1000)
			fail_msg("%s", headers[i]);
	}
}

static void
test_refused(void **state)
{
	static const char *const	 headers[] = {
		"gzip;q=0", "gzip; Q=0.000", "gzip;q=0,br", "gzip;q=0.",
		"gzip;q=0, br;q=1", "gzip ;\tq=0.0\t", "gzip;q=0;x=y",
		"gzip;q=0;level=1", "gzip;level=1;q=0", "*, gzip;q=0",
		"gzip;q=0, *", "*;q=0.0", "*;q=0, br",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (weight_of(headers[i], "gzip") != 0)
			fail_msg("%s", headers[i]);
	}
}

static void
test_unlisted(void **state)
{
	static const char *const	 headers[] = {
		"", " ", ",", ",,;", "identity", "zstd", "x", "**", "*x",
		"gzip2, xgzip", "gzi", "br;x=gzip",
		/* Malformed weights do not count. */
		"gzip;q=", "gzip;q=2", "gzip;q=1.1", "gzip;q=1.001",
		"gzip;q=0.1234", "gzip;q=-1", "gzip;q=.5", "gzip;q=x",
		"gzip;q=0 5", "gzip;q=00", "gzip;q=.", "gzip;q=\"1\"", "*;q=5",
		/* So are these elements. */
		"gzip x", "gzip\tx;q=1", "gzip \"a\"", "gzip;q", "gzip;q ;a=b",
		"gzip;q =1", "gzip;a=\"", "gzip;a=\"b;q=1", "gzip;a=\"\\\"",
		"\"gzip\"", "\"a, gzip\"", "br;a=\", gzip, \"", "\", gzip",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (weight_of(headers[i], "gzip") != UNLISTED)
			fail_msg("%s", headers[i]);
	}
}

static void
test_weights(void **state)
{
	(void)state;
	assert_int_equal(weight_of("gzip;q=0.001", "gzip"), 1);
	assert_int_equal(weight_of("gzip;q=0.9", "gzip"), 900);
	assert_int_equal(weight_of("gzip;q=0.123 ,br", "gzip"), 123);
	assert_int_equal(weight_of("br;q=0, *;q=0.1", "gzip"), 100);
	assert_int_equal(weight_of("*;q=0.1, gzip;q=0.50", "gzip"), 500);
	assert_int_equal(weight_of("gzip;q=0.5, *;q=0.2", "identity"), 200);
	assert_int_equal(weight_of("gzip;q=9, *;q=0.2", "gzip"), 200);
}

static void
test_content_coding(void **state)
{
	static const char *const	 applied[] = { "gzip", "x-gzip", "br",
	    "identity, gzip", "gzip, identity", "identity2", "identit",
	    "identity;q=1", "\"identity\"", "*", " ,deflate" };
	static const char *const	 none[] = { "", " ", ",", "identity",
	    "Identity", " identity\t,, IDENTITY," };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(applied) / sizeof(applied[0]); i++) {
		if (!coding_is_applied(applied[i]))
			fail_msg("%s", applied[i]);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (coding_is_applied(none[i]))
			fail_msg("%s", none[i]);
	}
}

#define BROWSER								\
	"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static void
test_media_types(void **state)
{
	static const struct {
		const char	*header;
		int		 html, json;
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
		{ "text/html;q=2, text/*;q=0.5", 500, 0 },
		{ "text/html;q=0.4, text/html;q=0.2", 400, 0 },
		{ "text/html;q=1.000", 1000, 0 }, { "text/html;q=9", 0, 0 },
		{ "text/html;q=", 0, 0 }, { "text/html;q=x", 0, 0 },
		{ "text/html;q=0.12345", 0, 0 },
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
		if (media_type_weight(copy, "text/html") != rows[i].html ||
		    media_type_weight(copy, "application/json") !=
		    rows[i].json)
			fail_msg("%s: %d, %d", copy,
			    media_type_weight(copy, "text/html"),
			    media_type_weight(copy, "application/json"));
		free(copy);
	}
}

#define PROB	"application/problem+json"
#define JSON	"application/json"

static void
test_problems(void **state)
{
	static const struct {
		const char	*lines[3];
		bool		 wanted;
	} rows[] = {
		{ { NULL }, false }, { { "" }, false }, { { "*/*" }, false },
		{ { "application/*" }, false }, { { JSON }, false },
		{ { PROB }, true }, { { "Application/Problem+JSON" }, true },
		{ { "application/problem" }, false }, { { PROB "x" }, false },
		{ { "application/problem+*" }, false },
		{ { PROB ";charset=utf-8" }, true },
		{ { JSON ", " PROB }, true }, { { PROB "," JSON }, true },
		{ { JSON ", " PROB ";q=0.5" }, false },
		{ { JSON ";q=0.5, " PROB ";q=0.5" }, true },
		{ { JSON ";q=0.501, " PROB ";q=0.5" }, false },
		{ { JSON ";q=0.499, " PROB ";q=0.5" }, true },
		{ { "*/*, " PROB ";q=0.001" }, true },
		{ { "application/*;q=1, " PROB ";q=0.1" }, true },
		{ { PROB ";q=0" }, false }, { { PROB ";q=0.000" }, false },
		{ { JSON ";q=0, " PROB ";q=0" }, false },
		{ { JSON ";q=0, " PROB ";q=0.1" }, true },
		{ { PROB ";q=2" }, false }, { { PROB " x" }, false },
		{ { PROB ";q" }, false }, { { PROB ";a=\"" }, false },
		{ { "x;a=\", " PROB ",\"" }, false },
		{ { JSON ";q=2, " PROB ";q=0.1" }, true },
		{ { PROB ";q=0.2, " JSON ";q=0.3, " PROB ";q=0.4" }, true },
		{ { PROB ";q=0.4, " JSON ";q=0.3, " PROB ";q=0.2" }, true },
		{ { JSON ";q=0.5, " PROB ";q=0.4, " JSON ";q=0.1" }, false },
		{ { JSON, PROB }, true }, { { PROB, JSON }, true },
		{ { JSON, PROB ";q=0.9" }, false },
		{ { PROB ";q=0.9", JSON }, false },
		{ { PROB ";q=0.9", JSON ";q=0.1", "*/*" }, true },
		{ { "text/html", "*/*", PROB ";q=0.1" }, true },
	};
	struct error_weights	 w;
	char			*copy;
	size_t			 i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w = (struct error_weights)NO_WEIGHTS;
		for (k = 0; k < 3 && rows[i].lines[k] != NULL; k++) {
			copy = strdup(rows[i].lines[k]);
			assert_non_null(copy);
			error_weights_add(&w, copy);
			free(copy);
		}
		if (error_weights_want_problem(&w) != rows[i].wanted)
			fail_msg("%s", rows[i].lines[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unlisted),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_content_coding),
		cmocka_unit_test(test_media_types),
		cmocka_unit_test(test_problems),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
