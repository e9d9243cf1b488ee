/* SPDX-License-Identifier: ISC */
/* Reads the headers about content codings. */

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "utils/accept.h"

#define BLANKS		" \t"
#define WEIGHT_MAX	1000

/* Reads "0.5" (RFC 9110, 12.4.2) as 500; CODING_UNLISTED if malformed. */
static int
read_weight(const char *p, const char *end)
{
	int	 weight, unit = WEIGHT_MAX / 10;

	if (p == end || (*p != '0' && *p != '1'))
		return (CODING_UNLISTED);
	weight = (*p++ - '0') * WEIGHT_MAX;
	if (p < end && *p == '.') {
		for (p++; p < end && isdigit((unsigned char)*p) && unit > 0;
		    p++, unit /= 10)
			weight += (*p - '0') * unit;
	}
	return (p == end && weight <= WEIGHT_MAX ? weight : CODING_UNLISTED);
}

/* The weight among the parameters from p to end; the greatest without one. */
static int
find_weight(const char *p, const char *end)
{
	const char	*next, *last;

	for (; p < end; p = next) {
		p += strspn(p, ";" BLANKS);
		next = last = p + strcspn(p, ",;");
		while (last > p && strchr(BLANKS, last[-1]) != NULL)
			last--;
		if (strncasecmp(p, "q=", 2) == 0)
			return (read_weight(p + 2, last));
	}
	return (WEIGHT_MAX);
}

int
coding_weight(const char *header, const char *coding)
{
	const char	*p = header, *end;
	size_t		 n;
	int		 weight, any = CODING_UNLISTED;

	for (; *p != '\0'; p = *end == ',' ? end + 1 : end) {
		p += strspn(p, BLANKS);
		end = p + strcspn(p, ",");
		n = strcspn(p, ",;" BLANKS);
		weight = find_weight(p + n, end);
		if (weight == CODING_UNLISTED)
			continue;
		if (n == strlen(coding) && strncasecmp(p, coding, n) == 0)
			return (weight);
		if (n == 1 && *p == '*')
			any = weight;
	}
	return (any);
}

bool
coding_is_applied(const char *header)
{
	static const char	 none[] = "identity";
	const char		*p = header;
	size_t			 n;

	for (;;) {
		p += strspn(p, "," BLANKS);
		if (*p == '\0')
			return (false);
		n = strcspn(p, "," BLANKS);
		if (n != strlen(none) || strncasecmp(p, none, n) != 0)
			return (true);
		p += n;
	}
}
