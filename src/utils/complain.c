/* SPDX-License-Identifier: ISC */
/* What is wrong, in a line. */

#include <stdarg.h>
#include <stdio.h>

#include "utils/complain.h"

/* What libpq says has several lines, and what was given may have. */
static void
join_lines(char *text)
{
	char	*p;

	for (p = text; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
	}
	while (p > text && p[-1] == ' ')
		*--p = '\0';
}

const char *
complain(const char *fmt, ...)
{
	static char	 line[1024];
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	join_lines(line);
	return (line);
}
