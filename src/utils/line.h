/* SPDX-License-Identifier: ISC */
/* A name, a title: one line of text that people can see. */

#ifndef UTILS_LINE_H
#define UTILS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is wrong with a line. Blanks at its ends do not count: those of
 * utf8_strip().
 */
enum line_fault {
	LINE_FINE,
	LINE_UNSEEN,	/* it has no character that can be seen, or none */
	LINE_BREAK,	/* it has a line break */
	LINE_CONTROL,	/* it has another control character (Cc) */
	LINE_DIRECTION	/* it has one that turns its direction (Bidi_Control) */
};

/*
 * Returns the first fault of s, NUL-terminated and valid UTF-8. *code is the
 * character, where there is one; *length the number of characters that
 * line_normal() writes. Pure and thread-safe.
 */
enum line_fault	line_check(const char *s, uint32_t *code, size_t *length);

/*
 * Writes s without the blanks at its ends, in NFC. out has LINE_SIZE(s) bytes.
 * False when memory is short.
 */
#define LINE_SIZE(s)	(3 * strlen(s) + 1)	/* NFC is no longer */

bool		line_normal(const char *s, char *out);

#endif
