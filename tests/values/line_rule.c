/* SPDX-License-Identifier: ISC */
/*
 * For tests/values/names.py: reads a text as hex from each line, and writes its
 * fault, its length, and its stored form as hex.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/line.h"

int
main(void)
{
	static char	 in[4096], text[2048], out[3 * sizeof(text) + 1];
	unsigned	 byte;
	uint32_t	 code;
	size_t		 i, n, length;

	while (fgets(in, sizeof(in), stdin) != NULL) {
		for (n = 0; sscanf(in + 2 * n, "%2x", &byte) == 1; n++)
			text[n] = (char)byte;
		text[n] = '\0';
		printf("%d ", (int)line_check(text, &code, &length));
		if (!line_normal(text, out))
			return (1);
		printf("%zu ", length);
		for (i = 0; out[i] != '\0'; i++)
			printf("%02x", (unsigned char)out[i]);
		putchar('\n');
	}
	return (0);
}
