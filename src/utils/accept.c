/* SPDX-License-Identifier: ISC */
/* Finds a content coding in an Accept-Encoding header. */

#include <string.h>
#include <strings.h>

#include "utils/accept.h"

#define BLANKS	" \t"

/* "; q=0", "; q=0.000": a weight of 0 means not acceptable. */
static bool
weighs_nothing(const char *p, const char *end)
{
	while (p < end && strchr("; \t", *p) != NULL)
		p++;
	if (strncasecmp(p, "q=0", 3) != 0)
		return (false);
	for (p += 3; p < end; p++) {
		if (*p >= '1' && *p <= '9')
			return (false);
	}
	return (true);
}

bool
accepts_coding(const char *header, const char *coding)
{
	const char	*p = header, *end;
	size_t		 n;
	bool		 any = false;

	for (; *p != '\0'; p = *end == ',' ? end + 1 : end) {
		p += strspn(p, BLANKS);
		end = p + strcspn(p, ",");
		n = strcspn(p, ",;" BLANKS);
		if (n == strlen(coding) && strncasecmp(p, coding, n) == 0)
			return (!weighs_nothing(p + n, end));
		if (n == 1 && *p == '*')
			any = !weighs_nothing(p + n, end);
	}
	return (any);
}
