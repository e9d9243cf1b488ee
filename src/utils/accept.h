/* SPDX-License-Identifier: ISC */
/* What a client accepts, and how a body is coded: Accept, ...-Encoding. */

#ifndef UTILS_ACCEPT_H
#define UTILS_ACCEPT_H

#include <stdbool.h>

/* Pure. An element of a list whose weight is malformed does not count. */

#define UNLISTED	(-1)

/*
 * Returns the weight, in thousandths, that an Accept-Encoding header gives a
 * content coding, by its name or else by "*" (RFC 9110, 12.5.3); UNLISTED if it
 * has neither.
 */
int	coding_weight(const char *header, const char *coding);

/*
 * Returns the weight, in thousandths, that an Accept header gives a media type
 * (12.5.1): that of the most specific range that contains it, the highest if
 * there are two; 0 if none does. Parameters other than q do not matter.
 */
int	media_type_weight(const char *header, const char *type);

/*
 * Returns whether a Content-Encoding header names a coding other than identity
 * (8.4).
 */
bool	coding_is_applied(const char *header);

#endif
