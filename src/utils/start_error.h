/* SPDX-License-Identifier: ISC */
/* The line that says why the start ends. */

#ifndef UTILS_START_ERROR_H
#define UTILS_START_ERROR_H

#include <stdarg.h>

/*
 * Formats the line that says why the start ends, for functions that return
 * NULL when all is well. Line breaks in what is formatted become blanks.
 * Returns it; it is valid until the next but one, so that one line may be part
 * of the next.
 */
const char	*start_error(const char *, ...)
		    __attribute__((format(printf, 1, 2)));

/* The same for the arguments of a function like it. */
const char	*complain_va(const char *, va_list)
		    __attribute__((format(printf, 1, 0)));

#endif
