/* SPDX-License-Identifier: ISC */
/* Accept-Encoding: which codings are accepted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "utils/accept.h"

static void
test_accepted(void **state)
{
	(void)state;
	assert_true(accepts_coding("gzip", "gzip"));
	assert_true(accepts_coding("deflate, GZIP , br", "gzip"));
	assert_true(accepts_coding("gzip;q=0.001", "gzip"));
	assert_true(accepts_coding("gzip ; q=1.0", "gzip"));
	assert_true(accepts_coding("*", "gzip"));
	assert_true(accepts_coding("br;q=0, *;q=0.1", "gzip"));
}

static void
test_refused(void **state)
{
	(void)state;
	assert_false(accepts_coding("", "gzip"));
	assert_false(accepts_coding("identity", "gzip"));
	assert_false(accepts_coding("gzip2, xgzip", "gzip"));
	assert_false(accepts_coding("gzip;q=0", "gzip"));
	assert_false(accepts_coding("gzip; Q=0.000", "gzip"));
	assert_false(accepts_coding("*, gzip;q=0", "gzip"));
	assert_false(accepts_coding("*;q=0.0", "gzip"));
	assert_false(accepts_coding(",,;", "gzip"));
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
