/* SPDX-License-Identifier: ISC */
/* Hexadecimal digits. */

#ifndef UTILS_HEX_H
#define UTILS_HEX_H

#include <stddef.h>

/* The value of a hexadecimal digit, of either case; -1 for anything else. */
static inline int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

#define HEX_LOWER	"0123456789abcdef"
#define HEX_UPPER	"0123456789ABCDEF"

/* The two digits of a byte; no NUL. */
static inline void
hex_pair(char out[static 2], unsigned char byte, const char *digits)
{
	out[0] = digits[byte >> 4];
	out[1] = digits[byte & 15];
}

/* n bytes as 2 * n small digits and a NUL. */
static inline void
hex_text(char *out, const unsigned char *bytes, size_t n)
{
	for (; n > 0; out += 2, bytes++, n--)
		hex_pair(out, *bytes, HEX_LOWER);
	*out = '\0';
}

#endif
