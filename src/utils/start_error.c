/* SPDX-License-Identifier: ISC */
/* Formats the error message that ends the start. */

#include <stdio.h>

#include "utils/start_error.h"

/* Messages of libpq, and values of settings, may have several lines. */
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
start_error_va(const char *fmt, va_list ap)
{
	static char	 lines[2][1024];
	static unsigned	 turn;
	char		*line = lines[turn++ % 2];

	vsnprintf(line, sizeof(lines[0]), fmt, ap);
	join_lines(line);
	return (line);
}

const char *
start_error(const char *fmt, ...)
{
	const char	*line;
	va_list		 ap;

	va_start(ap, fmt);
	line = start_error_va(fmt, ap);
	va_end(ap);
	return (line);
}
