/* SPDX-License-Identifier: ISC */
/* Counts the brackets and commas of JSON text. */

#include "utils/json_limits.h"

/* The end of the string that begins at i, or of the text. */
static size_t
string_end(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"'; i++) {
		if (text[i] == '\\')
			i++;
	}
	return (i);
}

bool
json_nests_deeper(const char *text, size_t len, unsigned max)
{
	unsigned	 depth = 0;
	size_t		 i;

	for (i = 0; i < len; i++) {
		if (text[i] == '"') {
			i = string_end(text, len, i);
		} else if (text[i] == '[' || text[i] == '{') {
			if (++depth > max)
				return (true);
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return (false);
}

bool
json_holds_more(const char *text, size_t len, size_t max)
{
	size_t	 i, values = 1;

	for (i = 0; i < len && values <= max; i++) {
		if (text[i] == '"')
			i = string_end(text, len, i);
		else if (text[i] == '[' || text[i] == '{' || text[i] == ',')
			values++;
	}
	return (values > max);
}
