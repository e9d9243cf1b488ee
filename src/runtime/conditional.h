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

#ifndef KEEL_RUNTIME_CONDITIONAL_H
#define KEEL_RUNTIME_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ctx.h"

/*
 * Conditional requests (RFC 9110, 13). A row's version is its entity tag: "7".
 */

/*
 * Before a write, in an endpoint with .if_match, with the version that the row
 * has: raises 412 if it is not what If-Match asks for, or is what If-None-Match
 * does; 422 if they are no lists of entity tags. Returns the version as a
 * parameter for the statement that writes, which must find it still there;
 * NULL when the client asked for none, or for any.
 */
const char	*precondition(struct ctx *, int64_t version);

/* Raises that 412: the statement has not found the version. */
void		 raise_outdated(struct ctx *) __attribute__((noreturn));

/*
 * Gives the answer an ETag. Raises 412 when it is a GET whose If-Match asks for
 * another. True when it answers a GET whose If-None-Match
 * says that the client has this version already: the answer is then 304.
 */
bool		 respond_etag(struct ctx *, int64_t version);

/* The same for what has no version: tag is an entity tag, quotes and all. */
bool		 respond_tag(struct ctx *, const char *tag);

#endif
