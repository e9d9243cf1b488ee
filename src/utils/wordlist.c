/* SPDX-License-Identifier: ISC */
/* Finds a word in a sorted text. */

#include <string.h>

#include "utils/wordlist.h"

/* Compares a line of len bytes with a word, like strcmp(). */
static int
compare(const char *line, size_t len, const char *word)
{
	size_t	 n = strlen(word);
	int	 order = memcmp(line, word, len < n ? len : n);

	return (order != 0 ? order : (len > n) - (len < n));
}

bool
wordlist_has(const char *text, size_t len, const char *word)
{
	size_t	 low = 0, high = len, start, end;
	int	 order;

	/* low and high are each the start of a line, or the end. */
	while (low < high) {
		start = low + (high - low) / 2;
		while (start > low && text[start - 1] != '\n')
			start--;
		for (end = start; end < high && text[end] != '\n'; end++)
			;
		order = compare(text + start, end - start, word);
		if (order == 0)
			return (true);
		if (order < 0)
			low = end < high ? end + 1 : high;
		else
			high = start;
	}
	return (false);
}
