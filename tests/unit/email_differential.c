/* SPDX-License-Identifier: ISC */
/*
 * Not a test: the C side of email_differential.py. Reads addresses in
 * hexadecimal, one per line. Writes for each "yes" and the normal form in
 * hexadecimal, or "no" and the reason.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/email.h"

static int	hex_value(char);

int
main(void)
{
	char		 out[EMAIL_MAX];
	char		*line = NULL, *p, *q;
	const char	*why;
	size_t		 size = 0;

	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		for (p = q = line; p[0] != '\0' && p[1] != '\0'; p += 2)
			*q++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
		*q = '\0';
		why = email_normalise(line, out, sizeof(out));
		if (why != NULL) {
			printf("no %s\n", why);
			continue;
		}
		printf("yes ");
		for (p = out; *p != '\0'; p++)
			printf("%02x", (unsigned int)(unsigned char)*p);
		printf("\n");
	}
	free(line);
	return (0);
}

static int
hex_value(char c)
{
	return (c <= '9' ? c - '0' : c - 'a' + 10);
}
