/* SPDX-License-Identifier: ISC */
/* Reads length:m..n, line:m..n and ^.{m,n}$. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/length_form.h"
#include "utils/posix.h"
#include "utils/start_error.h"

#define LENGTH		"length:"
#define LINE		"line:"
#define DIGITS		9
#define LENGTH_MAX	999999999

/* How many bytes of the pattern say that it is a length; or 0. */
static size_t
prefix_of(const char *pattern)
{
	if (strncmp(pattern, LENGTH, strlen(LENGTH)) == 0)
		return (strlen(LENGTH));
	return (strncmp(pattern, LINE, strlen(LINE)) == 0 ? strlen(LINE) : 0);
}

/* length:0..20000, where 0 is min and 20000 is max. */
static bool
parse_length(const char *pattern, unsigned *min, unsigned *max)
{
	const char	*p = pattern + prefix_of(pattern);
	size_t		 digits, more;

	if (p == pattern)
		return (false);
	digits = strspn(p, "0123456789");
	if (digits == 0 || digits > DIGITS ||
	    strncmp(p + digits, "..", 2) != 0)
		return (false);
	*min = (unsigned)strtoul(p, NULL, 10);
	p += digits + 2;
	more = strspn(p, "0123456789");
	*max = (unsigned)strtoul(p, NULL, 10);
	return (more > 0 && more <= DIGITS && p[more] == '\0' &&
	    *min <= *max);
}

/* ^.{0,100}$ */
static bool
parse_dots(const char *pattern, unsigned *min, unsigned *max)
{
	char	 tail[4];

	return (sscanf(pattern, "^.{%u,%u%3s", min, max, tail) == 3 &&
	    strcmp(tail, "}$") == 0);
}

bool
length_form(const char *pattern, bool *is_line, unsigned *min, unsigned *max)
{
	*is_line = strncmp(pattern, LINE, strlen(LINE)) == 0;
	return (parse_length(pattern, min, max) ||
	    (parse_dots(pattern, min, max) && *min <= *max));
}

static const char *
long_dots_problem(const char *pattern)
{
	unsigned	 min, max;
	char		 tail[4];

	if (sscanf(pattern, "^.{%u%3s", &min, tail) == 2 &&
	    strcmp(tail, "}$") == 0)
		max = min;
	else if (!parse_dots(pattern, &min, &max))
		return (NULL);
	if (min > max || max <= POSIX_STATES_MAX)
		return (NULL);
	return (start_error("%s takes too much memory: write length:%u..%u",
	    pattern, min, max < LENGTH_MAX ? max : LENGTH_MAX));
}

const char *
length_form_problem(const char *pattern)
{
	unsigned	 min, max;

	if (prefix_of(pattern) == 0)
		return (long_dots_problem(pattern));
	return (parse_length(pattern, &min, &max) ? NULL :
	    start_error("%s is not a length: write %.*s0..20000, the lowest "
	    "and the highest number of characters", pattern,
	    (int)prefix_of(pattern), pattern));
}
