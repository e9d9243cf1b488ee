/* SPDX-License-Identifier: ISC */
/* Conditional requests: ETag, If-Match, If-None-Match (RFC 9110, 13). */

#ifndef HTTP_CONDITIONAL_H
#define HTTP_CONDITIONAL_H

#include <stdbool.h>

#include "request/ctx.h"
#include "request/endpoint.h"
#include "schema/schema.h"

/*
 * An entity tag identifies one representation: it is a hash of the row's id,
 * its version, the schema that writes it, and which OPTIONAL members are there.
 * So two rows never share a tag, a change of the schema changes every tag, and
 * clients that are shown other members get other tags.
 */

/*
 * At start: whether every PUT, PATCH and DELETE with .if_match needs If-Match,
 * so that no client overwrites what it has not read (RFC 6585, 3).
 */
void		 conditional_init(bool required);

/* Is the endpoint one of those that then need it? */
bool		 precondition_is_required(const struct endpoint *);

/* Raises 412: the row no longer has the expected version. */
void		 raise_outdated(struct ctx *) __attribute__((noreturn));

/*
 * For a statement that found no row of that version, which is the result of
 * schema_precondition(): raises 412, or without one 404 with the message.
 */
void		 raise_gone(struct ctx *, const char *version,
		    const char *message) __attribute__((noreturn));

/*
 * Adds the ETag of a row, as the schema writes it, to the response. For a GET:
 * raises 412 if If-Match does not list the tag, and returns true if
 * If-None-Match lists it; the response is then a 304. Raises 422 if one of the
 * two is not a list of entity tags.
 */
bool		 respond_etag(struct ctx *, const struct schema *,
		    const void *row);

/* The same for content without a version; tag includes its quotes. */
bool		 respond_tag(struct ctx *, const char *tag);

/*
 * Call this before a write, in an endpoint with .if_match, with the row as it
 * was read. Raises 412 if If-Match does not list its tag, or if If-None-Match
 * does; 428 if the client must send If-Match and did not; 422 if one of them is
 * not a list of entity tags. Returns the row's version, as a parameter for the
 * statement that writes, which must find that version. Returns NULL if the
 * client sent no If-Match, or `*`.
 */
const char	*schema_precondition(struct ctx *, const struct schema *,
		    const void *row);

#endif
