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
