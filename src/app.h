/* SPDX-License-Identifier: ISC */
/* Handles a request, from Kore's call to the response. */

#ifndef SRC_APP_H
#define SRC_APP_H

#include <stdint.h>

struct ctx;
struct endpoint;
struct http_request;
struct route;
struct wire_request;

/*
 * Kore calls this for each request, through route_dispatch(), and again when
 * its coroutine is done. Returns KORE_RESULT_OK when the response has been
 * passed on, KORE_RESULT_RETRY while the coroutine runs, KORE_RESULT_ERROR if
 * the client has gone.
 */
int	app_handle(struct http_request *, const struct route *);

/* Once, before wire_init(): what the guard asks the upper rooms for. */
void	app_init(void);

/* In each tick: answers those that have waited too long for their turn. */
void	app_tick(uint64_t now);

/* app_respond.c */

/* Sends the response of the ctx, whose client is still there. */
void	app_respond(struct ctx *);

/*
 * Sends 503 to a request for which there is no ctx, and frees it. The endpoint
 * may be NULL. path_before: what the client's URL has before the path.
 */
void	app_respond_busy(struct http_request *, const struct endpoint *,
	    const char *path_before, struct wire_request *);

#endif
