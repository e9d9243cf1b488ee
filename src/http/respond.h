/* SPDX-License-Identifier: ISC */
/* Answers: status, headers, body. */

#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "base/jsonw.h"
#include "request/ctx.h"

/*
 * The answer of the running request. Nothing is sent before the handler has
 * returned, so a handler that raises afterwards still answers with its error.
 */

/* Adds a header; value is copied. Raises ERR_INTERNAL if it has CR or LF. */
void	respond_header(struct ctx *, const char *name, const char *value);

/* Answers with a status and no body. */
void	respond_empty(struct ctx *, int status);

/* Answers with what the writer holds, which must live in the ctx's arena. */
void	respond_json(struct ctx *, int status, const struct jsonw *);

/* Answers with text of a media type; text is copied. */
void	respond_text(struct ctx *, int status, const char *type,
	    const char *text);

/* Answers with bytes of a media type, which must live as long as the ctx. */
void	respond_body(struct ctx *, int status, const char *type,
	    const char *body, size_t len);

#endif
