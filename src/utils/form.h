/* SPDX-License-Identifier: ISC */
/* Forms and query strings: application/x-www-form-urlencoded. */

#ifndef UTILS_FORM_H
#define UTILS_FORM_H

#include <stdbool.h>

/*
 * Strict reading of application/x-www-form-urlencoded bodies and query
 * strings (WHATWG URL section 5.1, RFC 6749 appendix B). Pure and thread-safe;
 * nothing is allocated. percent_decode() lists what is malformed.
 */

struct form_pair {
	char	*name;		/* decoded, NUL-terminated, maybe "" */
	char	*value;		/* the same; "" without a '=' */
	bool	 has_value;	/* "a=" has one, "a" has none */
};

/*
 * Takes the next pair from a NUL-terminated buffer, which it decodes in place:
 * name and value point into the buffer. Set *cursor to its start, and leave it
 * alone afterwards. '+' is a space; a value may contain more '='; empty
 * segments ("a&&b", "a&") are skipped; a repeated name is returned each time.
 * Returns 1 with a pair, 0 at the end, and -1 for malformed text; after -1
 * *cursor is NULL, every further call returns -1 and the buffer is unspecified.
 */
int	form_next(char **cursor, struct form_pair *pair);

#endif
