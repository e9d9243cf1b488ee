/* SPDX-License-Identifier: ISC */
/* Answers through a schema: what it does not list cannot leave. */

#ifndef HTTP_SCHEMA_ANSWER_H
#define HTTP_SCHEMA_ANSWER_H

#include "http/conditional.h"

/*
 * In a module's header: NAME_schema, the typed NAME_respond(), and, for an
 * answer with an ETAG, NAME_precondition(): see schema_precondition().
 */
#define SCHEMA_ANSWER(s, structure)					\
	extern struct schema s##_schema;				\
	static inline void						\
	s##_respond(struct ctx *c, const struct structure *answer)	\
	{								\
		schema_respond(c, &s##_schema, answer);			\
	}								\
	static inline const char *					\
	s##_precondition(struct ctx *c, const struct structure *row)	\
	{								\
		return (schema_precondition(c, &s##_schema, row));	\
	}

/*
 * Answers with the schema's members of *answer and the endpoint's status; with
 * its ETag if it has one, or with 304 if that is what the client has already
 * (RFC 9110, 13.1.2).
 */
void	schema_respond(struct ctx *, const struct schema *,
	    const void *answer);

#endif
