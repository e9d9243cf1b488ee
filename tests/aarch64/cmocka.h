/* SPDX-License-Identifier: ISC */
/*
 * As much of cmocka as the tests of stack switching need, for a machine that
 * has none: make proof-aarch64.
 */

#ifndef TESTS_AARCH64_CMOCKA_H
#define TESTS_AARCH64_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
	const char	*name;
	void		(*fn)(void **);
};

#define cmocka_unit_test(fn)	{ #fn, fn }

#define assert_true(what)						\
	do {								\
		if (!(what)) {						\
			printf("%s:%d: not true: %s\n", __FILE__,	\
			    __LINE__, #what);				\
			exit(1);					\
		}							\
	} while (0)
#define assert_int_equal(a, b)		assert_true((a) == (b))
#define assert_in_range(n, low, high)					\
	assert_true((n) >= (low) && (n) <= (high))

static inline int
run_all(const char *name, const struct CMUnitTest *tests, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		tests[i].fn(NULL);
	printf("%s: %zu passed\n", name, n);
	return (0);
}

#define cmocka_run_group_tests_name(name, tests, setup, teardown)	\
	run_all(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
