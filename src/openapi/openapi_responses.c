/* SPDX-License-Identifier: ISC */
/* Describes the successful responses of an operation. */

#include "openapi/openapi_build.h"

static json_t *
response_content(const struct endpoint *e, const struct schema *out,
    unsigned list_kind)
{
	json_t	*schema = openapi_schema(out, RESPONSE);

	if ((list_kind & BY_CURSOR) && e->out_cursor != e->out)
		schema = json_pack("{s:[o, o]}", "anyOf", schema,
		    openapi_schema(e->out_cursor, RESPONSE));
	return (json_pack("{s:{s:o, s:o*}}", "application/json", "schema",
	    schema, "example", openapi_example(out, RESPONSE)));
}

static json_t *
success_headers(const struct endpoint *e, int status,
    const struct schema *out, unsigned list_kind)
{
	json_t	*headers = openapi_headers(openapi_may_raise(e, list_kind,
		    &ERR_TOO_MANY_REQUESTS));

	if (e->errors == OAUTH)
		openapi_header_put(headers, "Pragma");
	if (status == 201)
		openapi_header_put(headers, "Location");
	if (e->idempotent)
		openapi_header_put(headers, "Idempotent-Replayed");
	if (openapi_has_version(out))
		openapi_header_put(headers, "ETag");
	if (list_kind & IN_PAGES)
		openapi_header_put(headers, "Link");
	if (out != NULL && !endpoint_is_public(e))
		openapi_header_put(headers, "Vary");
	return (headers);
}

static const char *
success_doc(int status)
{
	switch (status) {
	case 201:
		return ("Created");
	case 202:
		return ("Accepted");
	case 204:
		return ("No Content");
	default:
		return ("OK");
	}
}

static void
put_success(json_t *responses, const struct endpoint *e,
    unsigned list_kind)
{
	int	 status = e->status != 0 ? e->status : 200;
	json_t	*o;

	o = json_pack("{s:s, s:o}", "description", success_doc(status),
	    "headers", success_headers(e, status, e->out, list_kind));
	if (e->out != NULL)
		openapi_put(o, "content", response_content(e, e->out,
		    list_kind));
	openapi_put_status(responses, status, o);
	if (openapi_reads_version(e))
		openapi_put_status(responses, 304, json_pack("{s:s, s:o}",
		    "description", "Not Modified: the client has this version.",
		    "headers", success_headers(e, 304, e->out, 0)));
}

static void
put_accepted(json_t *responses, const struct endpoint *e)
{
	if (e->out_accepted == NULL || *e->accepts == 0)
		return;
	openapi_put_status(responses, 202, json_pack("{s:s, s:o, s:o}",
	    "description", e->accepted_doc,
	    "headers", success_headers(e, 202, e->out_accepted, 0),
	    "content", response_content(e, e->out_accepted, 0)));
}

json_t *
openapi_responses(const struct endpoint *e, unsigned list_kind)
{
	json_t	*responses = json_object();

	put_success(responses, e, list_kind);
	put_accepted(responses, e);
	openapi_errors_put(responses, e, list_kind);
	return (responses);
}
