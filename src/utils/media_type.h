/* SPDX-License-Identifier: ISC */
/* Media types: the Content-Type header (RFC 9110, 8.3). */

#ifndef UTILS_MEDIA_TYPE_H
#define UTILS_MEDIA_TYPE_H

enum media_type_result {
	MEDIA_TYPE_MATCHES,
	MEDIA_TYPE_DIFFERS,
	MEDIA_TYPE_CHARSET,	/* it matches, in a charset other than UTF-8 */
	MEDIA_TYPE_MALFORMED
};

/*
 * Compares a Content-Type header with a media type of text in UTF-8, such as
 * "application/json". Upper and lower case are the same. Parameters other than
 * charset do not matter, but must be well-formed (5.6.6, 8.3.1). Pure.
 */
enum media_type_result	media_type_compare(const char *header,
			    const char *type);

#endif
