/* SPDX-License-Identifier: ISC */
/* A request's way through all the rooms, from Kore's call to the answer. */

#ifndef SRC_APP_H
#define SRC_APP_H

struct http_request;
struct route;

/*
 * What Kore calls for a request, by way of route_dispatch(), and calls again
 * once its coroutine is done. Returns KORE_RESULT_*.
 */
int	app_handle(struct http_request *, const struct route *);

#endif
