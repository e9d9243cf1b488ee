/* SPDX-License-Identifier: ISC */
/* UTF-8. */

#ifndef UTILS_UTF8_H
#define UTILS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 (RFC 3629). Pure and thread-safe. */

/*
 * The length in bytes of the character that begins at s, of at most len bytes;
 * 0 if none does (overlong forms, surrogates and the like are none). A string
 * ends at its NUL whatever len says, which is a character of one byte.
 */
size_t	utf8_sequence(const char *s, size_t len);

/*
 * Whether len bytes of s are well-formed UTF-8 by RFC 3629 section 4: no
 * overlong form, no surrogate, nothing above U+10FFFF, nothing cut short.
 * NUL bytes are well-formed; a caller who minds them looks for them. No
 * bytes at all are well-formed, and s may then be NULL.
 */
bool	utf8_valid(const char *s, size_t len);

/*
 * The number of code points in s, a NUL-terminated and valid UTF-8 string.
 * On invalid text the count is meaningless, but nothing beyond the NUL is
 * read.
 */
size_t	utf8_length(const char *s);

/*
 * Writes s, valid UTF-8, in lower case and NFC into out. False when it does
 * not fit, or memory is short. size is at least 1.
 */
bool	utf8_lower(const char *s, char *out, size_t size);

#endif
