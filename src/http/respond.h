/* SPDX-License-Identifier: ISC */
/* Responses: status, headers, body. */

#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "base/jsonw.h"
#include "request/ctx.h"

/*
 * These set the response of the running request. It is sent after the handler
 * has returned: if the handler raises later, the response is the error instead.
 */

/*
 * Adds a header; name is a constant, value is copied. Raises ERR_INTERNAL if
 * value contains CR or LF.
 */
void	respond_header(struct ctx *, const char *name, const char *value);

/*
 * In the parent, once: the path of PUBLIC_URL, "" or like "/backend". A proxy
 * removes it from requests, so that c->path lacks it, and every path that a
 * response names begins with it. Not copied: must live as long as the process.
 */
void	respond_init(const char *public_path);

/* That path; "" before respond_init(). */
const char	*public_path(void);

/* Adds Location: the path, which is one of this server, as clients see it. */
void	respond_location(struct ctx *, const char *path);

/* Responds with a status and no body. */
void	respond_empty(struct ctx *, int status);

/* Responds with the writer's JSON, which must be in the ctx's arena. */
void	respond_json(struct ctx *, int status, const struct jsonw *);

/* Responds with text of a media type; text is copied. */
void	respond_text(struct ctx *, int status, const char *type,
	    const char *text);

/* Responds with bytes of a media type, which must live as long as the ctx. */
void	respond_body(struct ctx *, int status, const char *type,
	    const char *body, size_t len);

#endif
