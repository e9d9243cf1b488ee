/* SPDX-License-Identifier: ISC */
/* Finds the range of the numbers that a regular expression matches. */

#ifndef UTILS_NUMBER_RANGE_H
#define UTILS_NUMBER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct automaton;

/*
 * Returns whether the pattern matches exactly the whole numbers from lowest to
 * highest, as far as trying can show: ^([1-9][0-9]?|100)$ or
 * ^(0|[1-9][0-9]{0,8})$.
 */
bool	number_range(const struct automaton *, const char *pattern,
	    int64_t *lowest, int64_t *highest);

#endif
