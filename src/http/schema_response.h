/* SPDX-License-Identifier: ISC */
/*
 * Responses through a schema, like FastAPI's response_schema: only fields that
 * it lists are sent.
 */

#ifndef HTTP_SCHEMA_RESPONSE_H
#define HTTP_SCHEMA_RESPONSE_H

#include "http/conditional.h"

/*
 * For a module's header: declares NAME_schema, the typed NAME_respond() and,
 * for a schema with an ETAG, NAME_respond_created() and NAME_precondition():
 * see schema_precondition().
 */
#define SCHEMA_RESPONSE(s, structure)					\
	SCHEMA_DECLARE(s, structure);					\
	static inline void						\
	s##_respond(struct ctx *c, const struct structure *response)	\
	{								\
		SCHEMA_USED(s, SCHEMA_SENT);				\
		schema_respond(c, &s##_schema, response);		\
	}								\
	static inline void						\
	s##_respond_created(struct ctx *c,				\
	    const struct structure *response)				\
	{								\
		SCHEMA_USED(s, SCHEMA_CREATED);				\
		schema_respond_created(c, &s##_schema, response);	\
	}								\
	static inline const char *					\
	s##_precondition(struct ctx *c, const struct structure *row)	\
	{								\
		SCHEMA_USED(s, SCHEMA_COMPARED);			\
		return (schema_precondition(c, &s##_schema, row));	\
	}

/*
 * Call this before NAME_respond() to respond with 202 instead of the endpoint's
 * status, and with the schema of its .out_accepted.
 */
void	respond_accepted(struct ctx *);

/*
 * Responds with the endpoint's status and the schema's fields of *response. If
 * the schema has an ETAG, adds ETag, or responds with 304 if the client has
 * this version already (RFC 9110, 13.1.2). Raises ERR_INTERNAL if the schema is
 * not the endpoint's.
 */
void	schema_respond(struct ctx *, const struct schema *,
	    const void *response);

/*
 * The same for a list whose items are sparse: the response has, of the members
 * that are SPARSE, and of its items, only those that names has.
 */
void	schema_respond_fields(struct ctx *, const struct schema *,
	    const char *const *names, const void *response);

/*
 * The same for a row that was created: with its Location, below the path of the
 * request.
 */
void	schema_respond_created(struct ctx *, const struct schema *,
	    const void *row);

#endif
