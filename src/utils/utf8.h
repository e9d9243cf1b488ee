/* SPDX-License-Identifier: ISC */
/* UTF-8. */

#ifndef UTILS_UTF8_H
#define UTILS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UTF-8 (RFC 3629). Pure and thread-safe. */

/*
 * The length in bytes of the character at s, of which len bytes may be read; 0
 * if there is no valid one (overlong form, surrogate and so on). A NUL is a
 * character of one byte, and no byte after a NUL is read.
 */
size_t	utf8_sequence(const char *s, size_t len);

/* The code point of a character of that many bytes; see utf8_sequence(). */
uint32_t	utf8_code(const char *s, size_t size);

/*
 * Returns whether len bytes of s are well-formed UTF-8 (RFC 3629 section 4): no
 * overlong form, no surrogate, nothing above U+10FFFF, no incomplete character.
 * NUL bytes are well-formed. So is an empty text, and s may then be NULL.
 */
bool	utf8_valid(const char *s, size_t len);

/*
 * The number of code points in s, a NUL-terminated and valid UTF-8 string. For
 * invalid text the count is meaningless, but nothing after the NUL is read.
 */
size_t	utf8_length(const char *s);

/*
 * Moves *s, NUL-terminated and valid UTF-8, to the first character that is no
 * blank, and returns the length in bytes without the blanks at the end. The
 * blanks are those of Python's str.strip(): white space of Unicode, and the
 * separators U+001C to U+001F.
 */
size_t	utf8_strip(const char **s);

#endif
