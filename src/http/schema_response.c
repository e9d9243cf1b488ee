/* SPDX-License-Identifier: ISC */
/* Responds with what a schema writes. */

#include "http/conditional.h"
#include "http/respond.h"
#include "http/schema_response.h"
#include "request/depend.h"

void
respond_accepted(struct ctx *c)
{
	c->accepted = true;
}

static bool
is_declared(const struct ctx *c, const struct schema *s)
{
	if (c->accepted)
		return (c->endpoint->out_accepted == s);
	return (c->endpoint->out == s || c->endpoint->out_cursor == s);
}

static int
status_of(const struct ctx *c)
{
	if (c->accepted)
		return (202);
	return (c->endpoint->status != 0 ? c->endpoint->status : 200);
}

/* Responds with *response as the schema `as` writes it, a part of s. */
static void
respond_as(struct ctx *c, const struct schema *s, const struct schema *as,
    const void *response)
{
	struct jsonw	 j;

	if (!is_declared(c, s))
		raise_error(c, &ERR_INTERNAL, "%s answers with %s",
		    c->endpoint->name, s->name);
	/* Each user gets another response (RFC 9111, 4.1). */
	if (!endpoint_is_public(c->endpoint))
		respond_header(c, "vary", "Authorization");
	/* Caches may store it, but must revalidate; all else is no-store. */
	if (s->version != NULL) {
		respond_header(c, "cache-control",
		    endpoint_is_public(c->endpoint) ? "no-cache" :
		    "private, no-cache");
		if (respond_etag(c, s, response)) {
			respond_empty(c, 304);
			return;
		}
	}

	jsonw_init(&j, &c->arena);
	schema_write_object(&j, NULL, as, response);
	respond_json(c, status_of(c), &j);
}

void
schema_respond(struct ctx *c, const struct schema *s, const void *response)
{
	respond_as(c, s, s, response);
}

void
schema_respond_fields(struct ctx *c, const struct schema *s,
    const char *const *names, const void *response)
{
	respond_as(c, s, schema_pick(c, s, names), response);
}

void
schema_respond_created(struct ctx *c, const struct schema *s, const void *row)
{
	respond_location(c, ctx_printf(c, "%s/%s", c->path,
	    schema_row_id(s, row)));
	schema_respond(c, s, row);
}
