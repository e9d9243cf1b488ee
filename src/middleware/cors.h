/* SPDX-License-Identifier: ISC */
/* Which web pages of other origins may use the API, from a browser (CORS). */

#ifndef MIDDLEWARE_CORS_H
#define MIDDLEWARE_CORS_H

#include <stdbool.h>

#include "wire/wire_head.h"

/*
 * A browser shows a page the responses of another origin only if they name the
 * page's origin (Fetch Standard, 3.3). Nothing here stops a request: for other
 * origins, and for clients that are no browsers, only headers are missing.
 */

/*
 * In the parent, at start: sets the origins that are allowed, a list with
 * commas, or NULL for none. Returns NULL or an error message.
 */
const char	*cors_configure(const char *list);

/*
 * Is it the question that a browser asks before a request: an OPTIONS of an
 * allowed origin with Access-Control-Request-Method?
 */
bool		 cors_is_preflight(const struct head *);

/*
 * Calls put(to, ...) for each header that the response to a request needs for
 * browsers, and for Vary. vary is what the response depends on besides; NULL or
 * "" if nothing. All values but that of Vary live for ever. A head that was
 * parsed in part, or is empty, is fine; NULL means that the listener is not for
 * browsers.
 */
void		 cors_headers(const struct head *, const char *vary,
		    header_put_fn *put, void *to);

#endif
