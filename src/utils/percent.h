/* SPDX-License-Identifier: ISC */
/* Percent-encoding (RFC 3986, 2.1): of URLs, queries and forms. */

#ifndef UTILS_PERCENT_H
#define UTILS_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Pure and thread-safe; nothing is allocated. */

/*
 * Decodes s in place; a '+' stays. False when it is malformed: a % without two
 * hexadecimal digits, an encoded NUL, a raw control byte (00-1f, 7f), or text
 * that is not UTF-8 once decoded. s is then unspecified, but still
 * NUL-terminated within its bounds.
 */
bool	percent_decode(char *s);

/*
 * Normalizes a part of a URL in place (RFC 3986, 6.2.2): decodes the unreserved
 * characters, and writes what stays encoded with A-F. False if a % is not
 * followed by two hexadecimal digits; s is then as above.
 */
bool	percent_normalize(char *s);

/*
 * Writes s into out, NUL-terminated, with every byte but the unreserved ones
 * (RFC 3986, 2.3) percent-encoded. Returns false when it does not fit into
 * size bytes; PERCENT_ENCODED_SIZE always suffices.
 */
bool	percent_encode(const char *s, char *out, size_t size);

#define PERCENT_ENCODED_SIZE(len)	((len) * 3 + 1)

#endif
