/* SPDX-License-Identifier: ISC */
/* Text that others wrote, for a terminal. */

#ifndef UTILS_TERMINAL_H
#define UTILS_TERMINAL_H

#include <stddef.h>

/*
 * Writes s into out, of size bytes (at least 1), cut where it is full. A '?'
 * stands for each character that a terminal might act on, or that nobody would
 * see: controls, ends of lines, changes of the writing direction, other
 * invisible ones; and for each byte that is not UTF-8. The two joiners stay:
 * names in Persian and emoji have them. Pure and thread-safe.
 */
void		 terminal_text(const char *s, char *out, size_t size);

/* How many columns such a text takes: none, one or two for a character. */
unsigned	 terminal_width(const char *);

#endif
