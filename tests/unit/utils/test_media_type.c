/* SPDX-License-Identifier: ISC */
/* Content-Type: the type, its parameters, and the charset. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/media_type.h"

#define JSON	"application/json"

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static void
check(const char *const *headers, size_t n, enum media_type_result expect)
{
	enum media_type_result	 result;
	size_t			 i;
	char			*copy;

	for (i = 0; i < n; i++) {
		copy = strdup(headers[i]);
		assert_non_null(copy);
		result = media_type_compare(copy, JSON);
		free(copy);
		if (result != expect)
			fail_msg("%s: %d", headers[i], (int)result);
	}
}

#define CHECK(headers, expect)						\
	check(headers, sizeof(headers) / sizeof((headers)[0]), expect)

static void
test_matches(void **state)
{
	static const char *const	 headers[] = {
		JSON, "Application/JSON", JSON ";", JSON " ; ", JSON ";;; ;",
		JSON ";charset=utf-8", JSON " ;\tCharset=UTF8",
		JSON "; charset=\"Utf-8\"", JSON "; charset=\"u\\tf-8\";",
		JSON "; x=y", JSON "; x=y; charset=utf-8; z=1",
		JSON "; x=\"; charset=latin1\"", JSON "; x=\"\\\"\"",
		JSON "; x=\"\"", JSON "; charsets=latin1", JSON "; char=x",
		JSON "; x=\"a longer one than any charset\"",
		JSON "; odata.metadata=minimal; profile=\"http://a/b,c\"",
	};

	(void)state;
	CHECK(headers, MEDIA_TYPE_MATCHES);
}

static void
test_differs(void **state)
{
	static const char *const	 headers[] = {
		"text/plain", "text/json", "application/jsonp",
		"application/json-seq", "application/jso", "json/application",
		"application/problem+json", "application/json-patch+json",
		"application/x-www-form-urlencoded", "*/*", "application/*",
		"multipart/form-data; boundary=\"" JSON "\"",
		"text/plain; charset=latin1",
	};

	(void)state;
	CHECK(headers, MEDIA_TYPE_DIFFERS);
}

static void
test_charset(void **state)
{
	static const char *const	 headers[] = {
		JSON ";charset=latin1", JSON "; CHARSET=utf-16", JSON
		"; charset=\"iso-8859-1\"", JSON "; charset=utf-8; charset=x",
		JSON "; charset=x; charset=utf-8", JSON "; charset=\"\"",
		JSON "; charset=utf-8x", JSON "; charset=utf", JSON
		"; charset='utf-8'", JSON "; charset=utf-8utf-8utf-8utf-8",
		JSON "; charset=\"utf-8 \"",
	};

	(void)state;
	CHECK(headers, MEDIA_TYPE_CHARSET);
}

static void
test_malformed(void **state)
{
	static const char *const	 headers[] = {
		"", " ", "json", "/", "application/", "/json", ";",
		" " JSON, JSON ",", JSON ", text/plain", JSON " x",
		JSON "/x", JSON "; charset", JSON "; charset=",
		JSON "; charset =utf-8", JSON "; charset= utf-8", JSON "; =x",
		JSON "; x=\"", JSON "; x=\"y", JSON "; x=\"y\\",
		JSON "; x=\"y\\\"", JSON "; x=\"y\"z", JSON "; x=y z",
		JSON "; x=y, z", "\"application\"/json", "text/plain; x",
		JSON "; charset=\xc3\xa9", JSON "; x=(y)",
	};

	(void)state;
	CHECK(headers, MEDIA_TYPE_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_charset),
		cmocka_unit_test(test_malformed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
