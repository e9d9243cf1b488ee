/* SPDX-License-Identifier: ISC */
/* Content codings: Accept-Encoding and Content-Encoding. */

#ifndef UTILS_ACCEPT_H
#define UTILS_ACCEPT_H

#include <stdbool.h>

#define CODING_UNLISTED	(-1)

/*
 * Returns the weight, in thousandths, that an Accept-Encoding header gives a
 * content coding, by its name or else by "*" (RFC 9110, 12.5.3);
 * CODING_UNLISTED if it has neither. An element whose weight is malformed does
 * not count. Pure.
 */
int	coding_weight(const char *header, const char *coding);

/*
 * Returns whether a Content-Encoding header names a coding other than identity
 * (8.4). Pure.
 */
bool	coding_is_applied(const char *header);

#endif
