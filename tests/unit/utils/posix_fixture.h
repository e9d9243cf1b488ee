/* SPDX-License-Identifier: ISC */
/* Patterns that are refused, with the line of each, and those that are not. */

#ifndef TESTS_UTILS_POSIX_FIXTURE_H
#define TESTS_UTILS_POSIX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/posix.h"

/* In a block of exactly its size: AddressSanitizer sees one byte too many. */
static inline const char *
problem_of(const char *pattern)
{
	char		*copy = strdup(pattern);
	const char	*problem;

	assert_non_null(copy);
	problem = posix_problem(copy);
	free(copy);
	return (problem);
}

static inline void
check(const char *const rows[][2], size_t n)
{
	const char	*problem;
	size_t		 i;

	for (i = 0; i < n; i++) {
		if ((problem = problem_of(rows[i][0])) == NULL)
			fail_msg("%s is accepted", rows[i][0]);
		if (strcmp(problem, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], problem);
	}
}

#define CHECK(rows)	check(rows, sizeof(rows) / sizeof(rows[0]))

static inline void
accept(const char *pattern)
{
	const char	*problem = problem_of(pattern);

	if (problem != NULL)
		fail_msg("%s: %s", pattern, problem);
}

#endif
