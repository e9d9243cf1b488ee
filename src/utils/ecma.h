/* SPDX-License-Identifier: ISC */
/* Translates regular expressions from POSIX to JavaScript. */

#ifndef UTILS_ECMA_H
#define UTILS_ECMA_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes; large enough for the pattern of any sensible validator. */
#define ECMA_MAX	2048

/*
 * Translates a POSIX extended regular expression to an ECMA-262 one (flag u)
 * that matches the same strings, for JSON Schema's `pattern`. Returns false,
 * with out "", when there is none: for equivalence classes, collating symbols
 * and character classes other than [:digit:] and [:xdigit:], which depend on a
 * locale; for escapes that POSIX leaves undefined; or when it does not fit into
 * size bytes.
 */
bool	ecma_pattern(const char *posix, char *out, size_t size);

#endif
