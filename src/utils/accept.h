/* SPDX-License-Identifier: ISC */
/* The header Accept-Encoding. */

#ifndef UTILS_ACCEPT_H
#define UTILS_ACCEPT_H

#include <stdbool.h>

/*
 * Does an Accept-Encoding header allow a content coding (RFC 9110, 12.5.3)? A
 * weight of 0 is a no.
 */
bool	accepts_coding(const char *header, const char *coding);

#endif
