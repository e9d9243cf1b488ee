/* SPDX-License-Identifier: ISC */
/* Entity tags (RFC 9110, 8.8.3). */

#ifndef UTILS_ETAG_H
#define UTILS_ETAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes the entity tag of a row, and finds a tag in a list such as If-Match or
 * If-None-Match (RFC 9110, 13.1.1, 13.1.2). Pure.
 */

/* The size of a tag from etag_make(), its quotes and NUL included. */
#define ETAG_TEXT	25

/*
 * Writes the strong tag of one representation (8.8.1): of the row with this id
 * and version, written by the schema with this fingerprint (len bytes). Tags
 * differ when any of the three differs. False when memory is short.
 */
bool	etag_make(char out[static ETAG_TEXT], const void *fingerprint,
	    size_t len, const char *id, int64_t version);

/* Ordered: of the results for two header fields, the greater one counts. */
enum etag_result {
	ETAG_MALFORMED,		/* not a list of entity tags */
	ETAG_DIFFERS,
	ETAG_MATCHES,
	ETAG_ANY		/* "*": matches anything that exists */
};

/*
 * Returns whether the list contains tag, a strong entity tag with its quotes.
 * weak: whether W/"1" matches "1" (8.8.3.2).
 */
enum etag_result	etag_in_list(const char *list, const char *tag,
			    bool weak);

#endif
