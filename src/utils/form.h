/* SPDX-License-Identifier: ISC */
/* Forms and query strings: application/x-www-form-urlencoded. */

#ifndef UTILS_FORM_H
#define UTILS_FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Strict decoding of application/x-www-form-urlencoded bodies and query strings
 * (WHATWG URL section 5.1, RFC 6749 appendix B) and of percent-encoded path
 * segments (RFC 3986 section 2.1). Pure and thread-safe; nothing is allocated.
 *
 * These are malformed: a % without two hexadecimal digits, an encoded NUL, a
 * raw control byte (00-1f, 7f), and text that is not UTF-8 after decoding.
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

/*
 * Decodes one path segment in place; '+' stays '+'. Returns false when it is
 * malformed; s is then unspecified, but still NUL-terminated within its bounds.
 */
bool	form_percent_decode(char *s);

/*
 * Writes s into out, NUL-terminated, with every byte percent-encoded except the
 * unreserved characters (RFC 3986 section 2.3). Returns false when it does not
 * fit into size bytes; FORM_ENCODED_SIZE is always enough.
 */
bool	form_percent_encode(const char *s, char *out, size_t size);

#define FORM_ENCODED_SIZE(len)	((len) * 3 + 1)

#endif
