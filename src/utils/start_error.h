/* SPDX-License-Identifier: ISC */
/* The error message that ends the start. */

#ifndef UTILS_START_ERROR_H
#define UTILS_START_ERROR_H

#include <stdarg.h>

/*
 * Formats the error message that ends the start, for functions that return NULL
 * on success. Line breaks become blanks. The result stays valid until the
 * second next call, so that one message can be part of the next.
 */
const char	*start_error(const char *, ...)
		    __attribute__((format(printf, 1, 2)));

/* The same with a va_list. */
const char	*start_error_va(const char *, va_list)
		    __attribute__((format(printf, 1, 0)));

#endif
