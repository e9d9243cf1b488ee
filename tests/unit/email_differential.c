/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * Not a test of its own: the other side of email_differential.py. Reads
 * addresses in hexadecimal, one a line, and answers each with "yes" and the
 * normal form in hexadecimal, or with "no" and the reason.
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
