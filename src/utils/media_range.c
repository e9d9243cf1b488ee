/* SPDX-License-Identifier: ISC */
/* Weighs a media type by an Accept header. */

#include <string.h>
#include <strings.h>

#include "utils/media_range.h"

#define BLANKS	" \t"

/* "0.25" is 250. A text that is no weight is 0. */
static unsigned
thousandths(const char *p)
{
	unsigned	 n = 0, unit = 1000;

	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
		if (*p == '.')
			continue;
		n += (unsigned)(*p - '0') * unit;
		unit /= 10;
	}
	return (n < 1000 ? n : 1000);
}

/* Finds q among the parameters from p to end; it is 1 by default. */
static unsigned
weight_of(const char *p, const char *end)
{
	while (p < end) {
		p += strspn(p, ";" BLANKS);
		if (strncasecmp(p, "q=", 2) == 0)
			return (thousandths(p + 2));
		p += strcspn(p, ";,");
	}
	return (1000);
}

/* How specific a range of n bytes is: the type itself, all of text, all. */
static unsigned
match(const char *range, size_t n, const char *type)
{
	size_t	 slash = strcspn(type, "/") + 1;

	if (n == strlen(type) && strncasecmp(range, type, n) == 0)
		return (3);
	if (n == slash + 1 && range[slash] == '*' &&
	    strncasecmp(range, type, slash) == 0)
		return (2);
	return (n == 3 && strncmp(range, "*/*", n) == 0);
}

unsigned
media_range_weight(const char *header, const char *type)
{
	const char	*p = header, *end;
	unsigned	 best = 0, found, weight = 0, w;
	size_t		 n;

	for (; *p != '\0'; p = *end == ',' ? end + 1 : end) {
		p += strspn(p, BLANKS);
		end = p + strcspn(p, ",");
		n = strcspn(p, ",;" BLANKS);
		found = match(p, n, type);
		w = weight_of(p + n, end);
		if (found > best || (found == best && found != 0 &&
		    w > weight)) {
			best = found;
			weight = w;
		}
	}
	return (weight);
}
