/* SPDX-License-Identifier: ISC */
/* The Accept-Encoding header (RFC 9110, 12.5.3). */

#ifndef UTILS_ACCEPT_H
#define UTILS_ACCEPT_H

#include <stdbool.h>

/*
 * Returns whether an Accept-Encoding header allows a content coding, by its
 * name or by "*". A weight of 0 means that it does not.
 */
bool	accepts_coding(const char *header, const char *coding);

#endif
