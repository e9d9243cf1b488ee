/* SPDX-License-Identifier: ISC */
/* Entity tags (RFC 9110, 8.8.3). */

#ifndef UTILS_ETAG_H
#define UTILS_ETAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Entity tags (RFC 9110, 8.8.3): made for a row, and found in a list as
 * If-Match and If-None-Match have it (13.1.1, 13.1.2). Pure.
 */

/* Bytes of a tag that etag_make() writes: quotes and NUL included. */
#define ETAG_TEXT	25

/*
 * A strong tag of one representation (8.8.1): of the row with this id and
 * version, written by the schema with this fingerprint. Two that differ in any
 * of the three have different tags. False when memory is short.
 */
bool	etag_make(char out[static ETAG_TEXT], const void *fingerprint,
	    size_t len, const char *id, int64_t version);

/* Of two lists, whichever is further down counts. */
enum etag_result {
	ETAG_MALFORMED,		/* no list of entity tags */
	ETAG_DIFFERS,
	ETAG_MATCHES,
	ETAG_ANY		/* "*": whatever it is, if it is there */
};

/*
 * Is tag, a strong entity tag with its quotes, in the list? weak: does W/"1"
 * match "1"? (8.8.3.2)
 */
enum etag_result	etag_in_list(const char *list, const char *tag,
			    bool weak);

#endif
