/* SPDX-License-Identifier: ISC */
/* Conditional requests: ETag, If-Match, If-None-Match (RFC 9110, 13). */

#ifndef RUNTIME_CONDITIONAL_H
#define RUNTIME_CONDITIONAL_H

#include <stdbool.h>

#include "runtime/ctx.h"
#include "runtime/schema.h"

/*
 * Conditional requests (RFC 9110, 13). A tag names one representation: it is a
 * hash of the row's id, its version, and the schema that writes it, which is
 * the view of the row that the client has. So no user's tag is another's, and
 * none outlives a change of the schema. What a write asks of If-Match is
 * schema_precondition(), in schema.h.
 */

/* Raises 412: the statement that writes has not found the version. */
void		 raise_outdated(struct ctx *) __attribute__((noreturn));

/*
 * Gives the answer the ETag of a row as the schema writes it. Raises 412 when
 * it is a GET whose If-Match asks for another. True when it answers a GET whose
 * If-None-Match says that the client has it already: the answer is then 304.
 */
bool		 respond_etag(struct ctx *, const struct schema *,
		    const void *row);

/* The same for what has no version: tag is an entity tag, quotes and all. */
bool		 respond_tag(struct ctx *, const char *tag);

#endif
