/* SPDX-License-Identifier: ISC */
/* Conditional requests: ETag, If-Match, If-None-Match (RFC 9110, 13). */

#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>

#include "request/ctx.h"
#include "schema/schema.h"

/*
 * Conditional requests (RFC 9110, 13). A tag names one representation: it is a
 * hash of the row's id, its version, and the schema that writes it, which is
 * the view of the row that the client has. So no user's tag is another's, and
 * none outlives a change of the schema.
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

/*
 * Before a write, in an endpoint with .if_match, with the row as it was read:
 * raises 412 if its tag is not what If-Match asks for, or is what If-None-Match
 * names; 422 if they are no lists of entity tags. Returns the row's version as
 * a parameter for the statement that writes, which must find it still there;
 * NULL when the client asked for none, or for any.
 */
const char	*schema_precondition(struct ctx *, const struct schema *,
		    const void *row);

#endif
