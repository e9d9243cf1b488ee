/* SPDX-License-Identifier: ISC */
/* Messages for one caller's buffer. */

#ifndef UTILS_COMPLAIN_H
#define UTILS_COMPLAIN_H

/*
 * Formats the line that says why the start ends, and joins what has several
 * lines; returns it, valid until the next. For functions that answer NULL when
 * all is well.
 */
const char	*complain(const char *, ...)
		    __attribute__((format(printf, 1, 2)));

#endif
