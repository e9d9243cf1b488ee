/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#ifndef KEEL_RUNTIME_RESPOND_H
#define KEEL_RUNTIME_RESPOND_H

#include "runtime/ctx.h"
#include "runtime/jsonw.h"

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
