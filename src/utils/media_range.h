/* SPDX-License-Identifier: ISC */
/* The Accept header (RFC 9110, 12.5.1). */

#ifndef UTILS_MEDIA_RANGE_H
#define UTILS_MEDIA_RANGE_H

/*
 * Returns the weight that an Accept header gives a media type, in thousandths:
 * that of the most specific range that contains it, and 0 if none does. The
 * highest counts if there are two; parameters other than q do not count.
 */
unsigned	media_range_weight(const char *header, const char *type);

#endif
