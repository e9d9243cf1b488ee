/* SPDX-License-Identifier: ISC */
/*
 * Not a test: the C side of email_values.py. Reads texts in hexadecimal,
 * one per line. Writes for each its key in hexadecimal, or -, and then "yes"
 * and its normal form in hexadecimal, or "no" and the reason.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/email.h"

static int
hex_value(char c)
{
	return (c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
write_hex(const char *text)
{
	for (; *text != '\0'; text++)
		printf("%02x", (unsigned int)(unsigned char)*text);
}

int
main(void)
{
	char		 out[EMAIL_MAX], key[EMAIL_KEY_MAX];
	char		*line = NULL, *p, *q;
	const char	*why;
	size_t		 size = 0;

	while (getline(&line, &size, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		for (p = q = line; p[0] != '\0' && p[1] != '\0'; p += 2)
			*q++ = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
		*q = '\0';
		if (email_key(line, key, sizeof(key)))
			write_hex(key);
		else
			printf("-");
		why = email_normalise(line, out, sizeof(out));
		printf(why != NULL ? " no %s" : " yes ", why);
		write_hex(out);
		printf("\n");
	}
	free(line);
	return (0);
}
