/* SPDX-License-Identifier: ISC */
/* Regular expressions, from POSIX to JavaScript. */

#ifndef UTILS_ECMA_H
#define UTILS_ECMA_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the pattern of every validator that is not absurd. */
#define ECMA_MAX	2048

/*
 * Writes a POSIX extended regular expression as the ECMA-262 one, flag u, that
 * matches the same (JSON Schema's `pattern`). False, and out is "", when there
 * is none: for equivalence classes, collating symbols and classes of
 * characters other than [:digit:] and [:xdigit:], which depend on a locale;
 * for escapes that POSIX leaves undefined; or when it does not fit.
 */
bool	ecma_pattern(const char *posix, char *out, size_t size);

#endif
