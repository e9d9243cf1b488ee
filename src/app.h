/* SPDX-License-Identifier: ISC */
/* Handles a request, from Kore's call to the response. */

#ifndef SRC_APP_H
#define SRC_APP_H

struct http_request;
struct route;

/*
 * Kore calls this for each request, through route_dispatch(), and again when
 * its coroutine is done. Returns KORE_RESULT_OK when the response has been
 * passed on, KORE_RESULT_RETRY while the coroutine runs, KORE_RESULT_ERROR if
 * the client has gone.
 */
int	app_handle(struct http_request *, const struct route *);

#endif
