/* SPDX-License-Identifier: ISC */
/* Ranges of numbers: as texts, and those that a regular expression matches. */

#ifndef UTILS_NUMBER_RANGE_H
#define UTILS_NUMBER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct automaton;

/* What the text of a range begins with: number:-10..1000 */
#define NUMBER_FORM	"number:"

/* Reads it. False when the text is another one, or a bound is no int64_t. */
bool	number_form(const char *text, int64_t *lowest, int64_t *highest);

/*
 * Reads the whole number at *p, in the form in which C writes it, and moves *p
 * behind it. False, and *p stays, for +1, 01, -0 and what is too large.
 */
bool	number_read(const char **p, int64_t *n);

/*
 * Returns whether the pattern matches exactly the whole numbers from lowest to
 * highest, as far as trying can show: ^([1-9][0-9]?|100)$ or
 * ^(0|[1-9][0-9]{0,8})$.
 */
bool	number_range(const struct automaton *, const char *pattern,
	    int64_t *lowest, int64_t *highest);

#endif
