/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_UTILS_ECMA_H
#define KEEL_UTILS_ECMA_H

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
