/* SPDX-License-Identifier: ISC */
/* Counts the brackets of JSON text. */

#include "utils/json_depth.h"

bool
json_nests_deeper(const char *text, size_t len, unsigned max)
{
	unsigned	 depth = 0;
	bool		 quoted = false;
	size_t		 i;

	for (i = 0; i < len; i++) {
		if (quoted) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				quoted = false;
		} else if (text[i] == '"') {
			quoted = true;
		} else if (text[i] == '[' || text[i] == '{') {
			if (++depth > max)
				return (true);
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return (false);
}
