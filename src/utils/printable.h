/* SPDX-License-Identifier: ISC */
/* Text that others wrote, printed so that a terminal does not obey it. */

#ifndef UTILS_PRINTABLE_H
#define UTILS_PRINTABLE_H

#include "utils/text.h"

/*
 * Adds s to a text. Control characters, line separators, and characters that
 * change the direction of writing are written as JSON writes them: \u001b. So
 * the result is one line, and of valid JSON it is valid JSON of the same
 * meaning. Bytes that are not UTF-8 become \ufffd.
 */
void	text_puts_printable(struct text *, const char *s);

#endif
