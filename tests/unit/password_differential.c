/* SPDX-License-Identifier: ISC */
/*
 * Not a test: the C side of tests/values/password_values.py. Reads passwords in
 * hexadecimal, one per line. Writes for each, in hexadecimal, its normal form,
 * its NFD, itself folded, and the base of that.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/hex.h"
#include "utils/password_text.h"

static void
put(const char *text, size_t len, char end)
{
	for (; len > 0; text++, len--)
		printf("%02x", (unsigned)(unsigned char)*text);
	putchar(end);
}

int
main(void)
{
	static char	 out[PASSWORD_FORM_SIZE];
	char		*line = NULL, *p, *q;
	size_t		 size = 0;

	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		for (p = q = line; p[0] != '\0' && p[1] != '\0'; p += 2)
			*q++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
		*q = '\0';
		password_normalise(line, out, sizeof(out));
		put(out, strlen(out), ' ');
		password_decompose(line, out, sizeof(out));
		put(out, strlen(out), ' ');
		password_fold(line, out, sizeof(out));
		put(out, strlen(out), ' ');
		while (password_cut(out))
			;
		put(out, strlen(out), '\n');
	}
	free(line);
	return (0);
}
