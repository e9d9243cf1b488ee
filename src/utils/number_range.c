/* SPDX-License-Identifier: ISC */
/* Ranges of numbers: as texts, and those that a regular expression matches. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/automaton.h"
#include "utils/number_range.h"

#define NUMBERS_TRIED	1000
#define DIGITS_TRIED	18

bool
number_read(const char **p, int64_t *n)
{
	char	 text[24];
	int64_t	 value = strtoll(*p, NULL, 10);
	size_t	 len;

	len = (size_t)snprintf(text, sizeof(text), "%" PRId64, value);
	if (strncmp(text, *p, len) != 0)
		return (false);
	*n = value;
	*p += len;
	return (true);
}

bool
number_form(const char *text, int64_t *lowest, int64_t *highest)
{
	const char	*p = text + strlen(NUMBER_FORM);

	if (strncmp(text, NUMBER_FORM, strlen(NUMBER_FORM)) != 0 ||
	    !number_read(&p, lowest) || strncmp(p, "..", 2) != 0)
		return (false);
	p += 2;
	return (number_read(&p, highest) && *p == '\0' &&
	    *lowest <= *highest);
}

static bool
accepts(const struct automaton *a, int64_t n)
{
	char	 text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	return (automaton_match(a, text));
}

/* The range's end when it is above NUMBERS_TRIED: 9999 and the like; or -1. */
static int64_t
highest_nines(const struct automaton *a)
{
	int64_t	 power = NUMBERS_TRIED;
	int	 digits;

	for (digits = 3; digits < DIGITS_TRIED; digits++, power *= 10) {
		if (!accepts(a, power))
			return (power - 1);
		if (!accepts(a, power * 10 - 1))
			return (-1);
	}
	return (-1);
}

/* `,` only in braces and `-` only in brackets: 1,2 is not a number. */
static bool
matches_digits_only(const char *pattern)
{
	const char	*p;
	char		 in = '\0';

	for (p = pattern; *p != '\0'; p++) {
		if (strchr("[{", *p) != NULL)
			in = *p;
		else if (strchr("]}", *p) != NULL)
			in = '\0';
		else if ((*p == ',' && in != '{') || (*p == '-' && in != '['))
			return (false);
	}
	return (strspn(pattern, "0123456789^$()[]{}|?-,") == strlen(pattern));
}

bool
number_range(const struct automaton *a, const char *pattern, int64_t *lowest,
    int64_t *highest)
{
	int64_t	 n;

	if (!matches_digits_only(pattern))
		return (false);
	for (n = 1 - NUMBERS_TRIED; n < 0; n++) {
		if (accepts(a, n))
			return (false);
	}
	for (n = 0; n < NUMBERS_TRIED && !accepts(a, n); n++)
		;
	*lowest = n;
	for (; n < NUMBERS_TRIED && accepts(a, n); n++)
		;
	*highest = n < NUMBERS_TRIED ? n - 1 : highest_nines(a);
	for (; n < NUMBERS_TRIED; n++) {
		if (accepts(a, n))
			return (false);
	}
	for (n = NUMBERS_TRIED; n / 10 < INT64_MAX / 100; n *= 10) {
		if ((accepts(a, n) || accepts(a, n * 5)) != (n < *highest))
			return (false);
	}
	return (*lowest < NUMBERS_TRIED && *highest > *lowest);
}
