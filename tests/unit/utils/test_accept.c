/* SPDX-License-Identifier: ISC */
/* Accept-Encoding: which codings are accepted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "utils/accept.h"

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static bool
accepts(const char *header)
{
	char	*copy = strdup(header);
	bool	 fine;

	assert_non_null(copy);
	fine = accepts_coding(copy, "gzip");
	free(copy);
	return (fine);
}

static void
test_accepted(void **state)
{
	static const char *const	 headers[] = {
		"gzip", "deflate, GZIP , br", "br,gzip", "gzip,br",
		"br,\tgzip\t;\tq=1", "gzip;", "gzip; ", "gzip;q=1",
		"gzip ; q=1.0", "gzip;q=0.001", "gzip;q=0.9", "gzip;q=0.09,br",
		"*", "br;q=0, *;q=0.1", "gzip;q=1, *;q=0", "*;q=0, gzip",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (!accepts(headers[i]))
			fail_msg("%s", headers[i]);
	}
}

static void
test_refused(void **state)
{
	static const char *const	 headers[] = {
		"", " ", ",", ",,;", "identity", "zstd", "x", "**", "*x",
		"gzip2, xgzip", "gzip;q=0", "gzip; Q=0.000", "gzip;q=0,br",
		"gzip;q=0, br;q=1", "gzip ;\tq=0.0\t", "gzip;q=0;x=y",
		"*, gzip;q=0", "gzip;q=0, *", "*;q=0.0", "*;q=0, br",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (accepts(headers[i]))
			fail_msg("%s", headers[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
