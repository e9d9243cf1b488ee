/* SPDX-License-Identifier: ISC */
/* Describes the errors of an operation: statuses, headers and bodies. */

#include <string.h>

#include "http/conditional.h"
#include "openapi/openapi_build.h"
#include "utils/accept.h"
#include "utils/text.h"

/* The envelope. No other schema has its shape. */
static json_t *
error_schema(void)
{
	json_t				*codes = json_array();
	const struct error_kind	*const	*k;

	for (k = error_kinds; *k != NULL; k++) {
		if (*k != &ERR_IN_PROGRESS)	/* its code is in the list */
			openapi_add(codes, json_string((*k)->code));
	}
	return (json_pack("{s:s, s:[s], s:{s:{s:s, s:[ssss], s:{"
	    "s:{s:s, s:o}, s:{s:s, s:[s]}, s:{s:[ss], s:{s:s}}, "
	    "s:{s:s, s:[s]}}}}}",
	    "type", "object", "required", "error",
	    "properties", "error", "type", "object",
	    "required", "code", "message", "details", "request_id",
	    "properties",
	    "code", "type", "string", "enum", codes,
	    "message", "type", "string", "examples", "Validation failed",
	    "details", "type", "array", "null", "items", "$ref",
	    "#/components/schemas/ErrorDetail",
	    "request_id", "type", "string", "examples", EXAMPLE_ID));
}

static json_t *
error_detail_schema(void)
{
	return (json_pack("{s:s, s:[sss], s:{s:{s:s, s:s, s:[s]}, "
	    "s:{s:s, s:[s]}, s:{s:s, s:[s]}}}", "type", "object",
	    "required", "field", "message", "code", "properties",
	    "field", "type", "string", "description", "Where the value "
	    "is: body., query., path. or header., and its name.", "examples",
	    "body.email", "message", "type", "string", "examples",
	    "Is required", "code", "type", "string", "examples",
	    "missing"));
}

/* The error of RFC 6749, 5.2. */
static json_t *
oauth_error_schema(void)
{
	return (json_pack("{s:s, s:[ss], s:{s:{s:s, s:[s]}, "
	    "s:{s:s, s:[s]}}}", "type", "object",
	    "required", "error", "error_description", "properties",
	    "error", "type", "string", "examples", "invalid_grant",
	    "error_description", "type", "string", "examples",
	    "Incorrect username or password"));
}

/* The same facts as problem details (RFC 9457). */
static json_t *
problem_schema(void)
{
	return (json_pack("{s:s, s:s, s:[sssssss], s:{s:{s:s}, s:{s:s, s:[s]}, "
	    "s:{s:s, s:[i]}, s:{s:s, s:[s]}, s:{s:s, s:s, s:[s]}, "
	    "s:{s:s, s:s, s:[s]}, s:{s:[ss], s:{s:s}}}}",
	    "type", "object", "description", "Sent instead if Accept names "
	    "application/problem+json.", "required", "type", "title", "status",
	    "detail", "instance", "code", "errors", "properties",
	    "type", "const", "about:blank",
	    "title", "type", "string", "examples", "Unprocessable Content",
	    "status", "type", "integer", "examples", 422,
	    "detail", "type", "string", "examples", "Validation failed",
	    "instance", "type", "string", "format", "uri-reference",
	    "examples", "/api/v1/users#" EXAMPLE_ID,
	    "code", "type", "string", "description", "The code of the error "
	    "that is sent otherwise.", "examples", "VALIDATION_ERROR",
	    "errors", "type", "array", "null", "items", "$ref",
	    "#/components/schemas/ErrorDetail"));
}

static void
put_error_detail(void)
{
	if (!openapi_component_has("schemas", "ErrorDetail"))
		openapi_component_put("schemas", "ErrorDetail",
		    error_detail_schema());
}

static json_t *
problem_content(void)
{
	if (!openapi_component_has("schemas", "Problem")) {
		openapi_component_put("schemas", "Problem", problem_schema());
		put_error_detail();
	}
	return (json_pack("{s:o}", "schema", openapi_ref("schemas",
	    "Problem")));
}

static json_t *
error_ref(enum error_shape shape)
{
	const char	*name = shape == OAUTH ? "OAuthError" : "Error";

	if (!openapi_component_has("schemas", name)) {
		openapi_component_put("schemas", name, shape == OAUTH ?
		    oauth_error_schema() : error_schema());
		if (shape != OAUTH)
			put_error_detail();
	}
	return (openapi_ref("schemas", name));
}

static json_t *
error_example(const struct error_kind *kind)
{
	json_t	*details = json_null();

	if (kind == &ERR_VALIDATION)
		details = json_pack("[{s:s, s:s, s:s}]",
		    "field", "body.email", "message",
		    "Is not a valid e-mail address: must contain one @",
		    "code", "invalid_format");
	return (json_pack("{s:{s:s, s:s, s:o, s:s}}", "error",
	    "code", kind->code, "message", kind->doc, "details", details,
	    "request_id", EXAMPLE_ID));
}

/* Adds {"CODE": {"value": ...}} to the examples of a status. */
static void
add_oauth_example(json_t *examples, const char *code, const char *text)
{
	openapi_put(examples, code, json_pack("{s:{s:s, s:s}}", "value",
	    "error", code, "error_description", text));
}

static json_t *
error_content(json_t *examples)
{
	return (json_pack("{s:{s:o, s:o}, s:o}", "application/json", "schema",
	    error_ref(ENVELOPE), "examples", examples, PROBLEM_TYPE,
	    problem_content()));
}

static json_t *
error_headers(int status)
{
	json_t	*headers = openapi_error_headers(true);

	if (status == 401)
		openapi_header_put(headers, "WWW-Authenticate");
	if (status == 415) {
		openapi_header_put(headers, "Accept-Encoding");
		openapi_header_put(headers, "Accept-Patch");
	}
	if (status == 429 || status == 503)
		openapi_header_put(headers, "Retry-After");
	return (headers);
}

static bool
is_among(const struct error_kind *const *kinds, const struct error_kind *kind)
{
	for (; kinds != NULL && *kinds != NULL; kinds++) {
		if (*kinds == kind)
			return (true);
	}
	return (false);
}

/* By .raises, or by the rest of the row. */
bool
openapi_may_raise(const struct endpoint *e, unsigned list_kind,
    const struct error_kind *kind)
{
	if (kind == &ERR_INTERNAL || kind == &ERR_UNAVAILABLE)
		return (true);
	if (kind == &ERR_VALIDATION)
		return (!e->any_query || e->in != NULL || e->idempotent);
	if (kind == &ERR_IN_PROGRESS)
		return (e->idempotent);
	if (kind == &ERR_INVALID_JSON || kind == &ERR_CONTENT_TOO_LARGE ||
	    kind == &ERR_UNSUPPORTED_MEDIA_TYPE)
		return (e->in != NULL);
	if (kind == &ERR_INVALID_CURSOR)
		return ((list_kind & BY_CURSOR) != 0);
	if (kind == &ERR_PRECONDITION_FAILED &&
	    (e->if_match || openapi_reads_version(e)))
		return (true);
	if (kind == &ERR_PRECONDITION_REQUIRED && precondition_is_required(e))
		return (true);
	if (kind == &ERR_TOO_MANY_REQUESTS && e->limit != NULL)
		return (true);
	return (is_among(e->raises, kind) ||
	    (e->auth != NULL && is_among(e->auth->raises, kind)) ||
	    (e->also != NULL && is_among(e->also->raises, kind)));
}

/* The kinds with one status that a row may raise, as one response. */
struct error_response {
	int			 status;
	const char		*doc;			/* of the first kind */
	char			 letters[OPENAPI_NAME_MAX];
	struct text		 name;			/* of all */
	json_t			*examples;
};

static void
response_begin(struct error_response *r)
{
	memset(r, 0, sizeof(*r));
	r->name = text_in(r->letters, sizeof(r->letters));
	r->examples = json_object();
}

/* Two kinds have the code CONFLICT, and one of them has a Retry-After. */
#define IN_PROGRESS	"IN_PROGRESS"

static const char *
title_of(const struct error_kind *kind)
{
	return (kind == &ERR_IN_PROGRESS ? IN_PROGRESS : kind->code);
}

static void
add_kind(struct error_response *r, const struct error_kind *kind)
{
	const char	*title = title_of(kind);
	char		 name[OPENAPI_NAME_MAX];

	openapi_name(title, name);
	text_puts(&r->name, name);
	if (r->doc == NULL)
		r->doc = kind->doc;
	r->status = kind->status;
	openapi_put(r->examples, title, json_pack("{s:o}", "value",
	    error_example(kind)));
}

static json_t *
headers_of(const struct error_response *r)
{
	json_t	*headers = error_headers(r->status);

	if (json_object_get(r->examples, IN_PROGRESS) != NULL)
		openapi_header_put(headers, "RetryAfterInProgress");
	return (headers);
}

static void
put_response(json_t *responses, struct error_response *r)
{
	const char	*name = r->name.data;

	if (r->name.cut)
		openapi_fail("too many kinds of error of the status %d in one "
		    ".raises: %s", r->status, name);
	if (!openapi_component_has("responses", name))
		openapi_component_put("responses", name, json_pack(
		    "{s:s, s:o, s:o}", "description", r->doc, "headers",
		    headers_of(r), "content",
		    error_content(json_incref(r->examples))));
	openapi_put_status(responses, r->status, openapi_ref("responses",
	    name));
	json_decref(r->examples);
}

static void
put_envelopes(json_t *responses, const struct endpoint *e,
    unsigned list_kind)
{
	const struct error_kind	*const	*k = error_kinds;
	struct error_response		 r;
	int				 status;

	while (*k != NULL) {
		response_begin(&r);
		for (status = (*k)->status;
		    *k != NULL && (*k)->status == status; k++) {
			if (openapi_may_raise(e, list_kind, *k))
				add_kind(&r, *k);
		}
		if (r.status != 0)
			put_response(responses, &r);
		else
			json_decref(r.examples);
	}
}

static void
put_envelope(json_t *responses, const struct error_kind *kind)
{
	struct error_response	 r;

	response_begin(&r);
	add_kind(&r, kind);
	put_response(responses, &r);
}

/*
 * A 400 or 503 may also have the envelope: the server sends it for invalid
 * HTTP, or when it is too busy to read a request, and so knows no operation.
 */
static json_t *
oauth_content(int status, json_t *examples)
{
	json_t	*schema = error_ref(OAUTH);

	if (status == 400 || status == 503)
		schema = json_pack("{s:[o, o]}", "oneOf", schema,
		    error_ref(ENVELOPE));
	return (json_pack("{s:{s:o, s:o}, s:o}", "application/json", "schema",
	    schema, "examples", examples, PROBLEM_TYPE, problem_content()));
}

static void
put_oauth_error(json_t *responses, int status, const char *doc,
    json_t *examples)
{
	json_t	*headers = error_headers(status);

	openapi_header_put(headers, "Pragma");
	if (status == 400)	/* for 415 */
		openapi_header_put(headers, "Accept-Encoding");
	openapi_put_status(responses, status, json_pack("{s:s, s:o, s:o}",
	    "description", doc, "headers", headers,
	    "content", oauth_content(status, examples)));
}

/* A status with one cause; its text is the one of error_handler.c. */
static void
put_oauth_kind(json_t *responses, const struct error_kind *kind,
    const char *code, const char *text)
{
	json_t	*examples = json_object();

	add_oauth_example(examples, code, text);
	put_oauth_error(responses, kind->status, kind->doc, examples);
}

static void
put_oauth_errors(json_t *responses, const struct endpoint *e)
{
	static const char		 later[] = "temporarily_unavailable";
	const struct error_kind	*const	*k;
	json_t				*examples = json_object();

	for (k = e->raises; k != NULL && *k != NULL; k++)
		add_oauth_example(examples, (*k)->code, (*k)->doc);
	put_oauth_error(responses, 400, "The request or its credentials are "
	    "not valid (RFC 6749, 5.2).", examples);
	put_envelope(responses, &ERR_CONTENT_TOO_LARGE);
	if (e->limit != NULL)
		put_oauth_kind(responses, &ERR_TOO_MANY_REQUESTS, later,
		    "Too many requests");
	put_oauth_kind(responses, &ERR_INTERNAL, "server_error",
	    "Internal server error");
	put_oauth_kind(responses, &ERR_UNAVAILABLE, later,
	    "The server is busy");
}

/* A response without an operation: HTTP was not valid (docs/limits.md). */
static json_t *
describe_refusal(void)
{
	return (json_pack("{s:s, s:o, s:{s:{s:o, s:o}, s:o}}", "description",
	    "Any other status: the request was refused before it reached an "
	    "operation, because the HTTP was not valid (400, 408, 413, 414, "
	    "417, 421, 431, 501, 505).",
	    "headers", openapi_error_headers(false), "content",
	    "application/json", "schema", error_ref(ENVELOPE), "example",
	    error_example(&ERR_BAD_REQUEST), PROBLEM_TYPE,
	    problem_content()));
}

static bool
has_client_error(json_t *responses)
{
	const char	*status;
	json_t		*response;

	json_object_foreach(responses, status, response) {
		if (*status == '4')
			return (true);
	}
	return (false);
}

void
openapi_errors_put(json_t *responses, const struct endpoint *e,
    unsigned list_kind)
{
	if (e->errors == OAUTH)
		put_oauth_errors(responses, e);
	else
		put_envelopes(responses, e, list_kind);
	if (!openapi_component_has("responses", "Refused"))
		openapi_component_put("responses", "Refused",
		    describe_refusal());
	if (!has_client_error(responses))	/* linters want one */
		openapi_put(responses, "4XX", openapi_ref("responses",
		    "Refused"));
	openapi_put(responses, "default", openapi_ref("responses",
	    "Refused"));
}
