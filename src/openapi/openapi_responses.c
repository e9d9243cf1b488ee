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

/* What an operation may answer: statuses, headers, bodies. */

#include <stdio.h>
#include <string.h>

#include "openapi/openapi_build.h"

#define EXAMPLE_ID	"0f8fad5b-d9cb-469f-a165-70867728950e"

/* A header is named by its component; `always` says that it is never left. */
static const struct header_facts {
	const char	*name;
	const char	*component;
	bool		 always;
	bool		 is_integer;
	const char	*doc;
	const char	*example;
} header_facts[] = {
	{ "X-Request-ID", "XRequestId", true, false,
	  "The request's own, if it was 1 to 64 letters, digits and dashes; "
	  "it finds the request in the log.", EXAMPLE_ID },
	{ "ETag", "ETag", true, false, "The version, for If-Match and "
	  "If-None-Match.", "\"7\"" },
	{ "Location", "Location", true, false, "The path of what was made.",
	  "/api/v1/users/0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55" },
	{ "Link", "Link", false, false, "The next and the previous page, "
	  "where there are any (RFC 8288).",
	  "<https://api.example.com/api/v1/users?page=2>; rel=\"next\"" },
	{ "Vary", "Vary", true, false, "Whose answer it is.",
	  "Authorization" },
	{ "Cache-Control", "CacheControl", true, false,
	  "Whether it may be kept, and by whom.", "private, no-cache" },
	{ "RateLimit", "RateLimit", false, false, "What is left of the "
	  "limits, where requests are counted.", "\"token\";r=59;t=1" },
	{ "RateLimit-Policy", "RateLimitPolicy", false, false,
	  "The limits.", "\"token\";q=60;w=60" },
	{ "Retry-After", "RetryAfter", true, true, "Seconds.", "1" },
	{ "WWW-Authenticate", "WWWAuthenticate", true, false,
	  "RFC 6750, 3.", "Bearer" },
};

static json_t *
describe_header(const struct header_facts *h)
{
	json_t	*o = json_pack("{s:s, s:{s:s}}", "description", h->doc,
		    "schema", "type", h->is_integer ? "integer" : "string");

	if (h->always)
		openapi_put(o, "required", json_true());
	openapi_put(o, "example", h->is_integer ? json_integer(1) :
	    json_string(h->example));
	return (o);
}

static void
put_header(json_t *headers, const char *name)
{
	const struct header_facts	*h = header_facts;

	while (strcmp(h->name, name) != 0)
		h++;
	if (!openapi_has("headers", h->component))
		openapi_component_put("headers", h->component,
		    describe_header(h));
	openapi_put(headers, name, openapi_ref("headers", h->component));
}

static json_t *
new_headers(bool limited)
{
	json_t	*headers = json_object();

	put_header(headers, "X-Request-ID");
	if (limited) {
		put_header(headers, "RateLimit");
		put_header(headers, "RateLimit-Policy");
	}
	return (headers);
}

/* The envelope, and the only thing that has its shape. */
static json_t *
error_schema(void)
{
	json_t				*codes = json_array();
	const struct error_kind	*const	*k;

	for (k = error_kinds; *k != NULL; k++)
		openapi_add(codes, json_string((*k)->code));
	return (json_pack("{s:s, s:b, s:[s], s:{s:{s:s, s:b, s:[ssss], s:{"
	    "s:{s:s, s:o}, s:{s:s, s:[s]}, s:{s:[ss], s:{s:s}}, "
	    "s:{s:s, s:[s]}}}}}",
	    "type", "object", "additionalProperties", 0, "required", "error",
	    "properties", "error", "type", "object",
	    "additionalProperties", 0,
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
	return (json_pack("{s:s, s:b, s:[sss], s:{s:{s:s, s:s, s:[s]}, "
	    "s:{s:s, s:[s]}, s:{s:s, s:[s]}}}", "type", "object",
	    "additionalProperties", 0,
	    "required", "field", "message", "code", "properties",
	    "field", "type", "string", "description", "Where it stands: "
	    "body., query., path. or header., and its name.", "examples",
	    "body.email", "message", "type", "string", "examples",
	    "Is required", "code", "type", "string", "examples",
	    "missing"));
}

/* RFC 6749, 5.2. */
static json_t *
oauth_error_schema(void)
{
	return (json_pack("{s:s, s:b, s:[ss], s:{s:{s:s, s:[s]}, "
	    "s:{s:s, s:[s]}}}", "type", "object", "additionalProperties", 0,
	    "required", "error", "error_description", "properties",
	    "error", "type", "string", "examples", "invalid_grant",
	    "error_description", "type", "string", "examples",
	    "Incorrect username or password"));
}

static json_t *
error_ref(enum error_shape shape)
{
	const char	*name = shape == OAUTH ? "OAuthError" : "Error";

	if (!openapi_has("schemas", name)) {
		openapi_component_put("schemas", name, shape == OAUTH ?
		    oauth_error_schema() : error_schema());
		if (shape != OAUTH)
			openapi_component_put("schemas", "ErrorDetail",
			    error_detail_schema());
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

static json_t *
oauth_example(const char *code, const char *text)
{
	return (json_pack("{s:s, s:s}", "error", code, "error_description",
	    text));
}

static json_t *
error_content(json_t *examples)
{
	return (json_pack("{s:{s:o, s:o}}", "application/json", "schema",
	    error_ref(ENVELOPE), "examples", examples));
}

static json_t *
error_headers(int status)
{
	json_t	*headers = new_headers(true);

	if (status == 401)
		put_header(headers, "WWW-Authenticate");
	if (status == 429 || status == 503)
		put_header(headers, "Retry-After");
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

static bool
has_version(const struct schema *s)
{
	size_t	 i;

	for (i = 0; s != NULL && i < s->nfields; i++) {
		if (s->fields[i].flags & ETAG)
			return (true);
	}
	return (false);
}

bool
openapi_reads_version(const struct endpoint *e)
{
	return (e->verb == VERB_GET && has_version(e->out));
}

/* By .raises, or as follows from the rest of the row. */
static bool
may_raise(const struct endpoint *e, unsigned list_kind,
    const struct error_kind *kind)
{
	if (kind == &ERR_INTERNAL || kind == &ERR_UNAVAILABLE ||
	    kind == &ERR_VALIDATION)
		return (true);
	if (kind == &ERR_INVALID_JSON || kind == &ERR_CONTENT_TOO_LARGE ||
	    kind == &ERR_UNSUPPORTED_MEDIA_TYPE)
		return (e->in != NULL);
	if (kind == &ERR_INVALID_CURSOR)
		return ((list_kind & BY_CURSOR) != 0);
	if (kind == &ERR_PRECONDITION_FAILED &&
	    (e->if_match || openapi_reads_version(e)))
		return (true);
	if (kind == &ERR_TOO_MANY_REQUESTS && e->limit != NULL)
		return (true);
	return (is_among(e->raises, kind) ||
	    (e->auth != NULL && is_among(e->auth->raises, kind)));
}

/* The kinds of one status that a row may raise, as one answer. */
struct answer {
	int			 status;
	const char		*doc;			/* the first one's */
	char			 name[OPENAPI_NAME_MAX];	/* all theirs */
	json_t			*examples;
};

static void
add_kind(struct answer *a, const struct error_kind *kind)
{
	char	 name[OPENAPI_NAME_MAX];
	size_t	 len = strlen(a->name);

	openapi_name(kind->code, name);
	snprintf(a->name + len, sizeof(a->name) - len, "%s", name);
	if (a->doc == NULL)
		a->doc = kind->doc;
	a->status = kind->status;
	openapi_put(a->examples, kind->code, json_pack("{s:o}", "value",
	    error_example(kind)));
}

static void
put_answer(json_t *responses, struct answer *a)
{
	char	 key[8];

	if (!openapi_has("responses", a->name))
		openapi_component_put("responses", a->name, json_pack(
		    "{s:s, s:o, s:o}", "description", a->doc, "headers",
		    error_headers(a->status), "content",
		    error_content(json_incref(a->examples))));
	snprintf(key, sizeof(key), "%d", a->status);
	openapi_put(responses, key, openapi_ref("responses", a->name));
	json_decref(a->examples);
}

static void
put_envelopes(json_t *responses, const struct endpoint *e,
    unsigned list_kind)
{
	const struct error_kind	*const	*k = error_kinds;
	struct answer			 a;
	int				 status;

	while (*k != NULL) {
		memset(&a, 0, sizeof(a));
		a.examples = json_object();
		for (status = (*k)->status;
		    *k != NULL && (*k)->status == status; k++) {
			if (may_raise(e, list_kind, *k))
				add_kind(&a, *k);
		}
		if (a.status != 0)
			put_answer(responses, &a);
		else
			json_decref(a.examples);
	}
}

static void
put_envelope(json_t *responses, const struct error_kind *kind)
{
	struct answer	 a = { .examples = json_object() };

	add_kind(&a, kind);
	put_answer(responses, &a);
}

/*
 * Of 400 and 503 there may be the envelope, too: HTTP that is not right, and
 * what a busy server has not read, is answered before it is anybody's request.
 */
static json_t *
oauth_content(int status, json_t *examples)
{
	json_t	*schema = error_ref(OAUTH);

	if (status == 400 || status == 503)
		schema = json_pack("{s:[o, o]}", "oneOf", schema,
		    error_ref(ENVELOPE));
	return (json_pack("{s:{s:o, s:o}}", "application/json", "schema",
	    schema, "examples", examples));
}

static void
put_oauth_error(json_t *responses, int status, const char *doc,
    json_t *examples)
{
	char	 key[8];

	snprintf(key, sizeof(key), "%d", status);
	openapi_put(responses, key, json_pack("{s:s, s:o, s:o}",
	    "description", doc, "headers", error_headers(status),
	    "content", oauth_content(status, examples)));
}

/* error_handler.c says which statuses are left in this shape. */
static void
put_oauth_errors(json_t *responses, const struct endpoint *e)
{
	const struct error_kind	*const	*k;
	json_t				*examples = json_object();

	for (k = e->raises; k != NULL && *k != NULL; k++)
		openapi_put(examples, (*k)->code, json_pack("{s:o}", "value",
		    oauth_example((*k)->code, (*k)->doc)));
	put_oauth_error(responses, 400, "RFC 6749, 5.2.", examples);
	put_envelope(responses, &ERR_CONTENT_TOO_LARGE);
	if (e->limit != NULL)
		put_oauth_error(responses, 429,
		    ERR_TOO_MANY_REQUESTS.doc, json_pack("{s:{s:o}}",
		    "temporarily_unavailable", "value", oauth_example(
		    "temporarily_unavailable", "Too many requests")));
	put_oauth_error(responses, 500, ERR_INTERNAL.doc, json_pack("{s:{s:o}}",
	    "server_error", "value", oauth_example("server_error",
	    "Internal server error")));
	put_oauth_error(responses, 503, ERR_UNAVAILABLE.doc,
	    json_pack("{s:{s:o}}", "temporarily_unavailable", "value",
	    oauth_example("temporarily_unavailable", "The server is busy")));
}

/* One that is no operation's: HTTP itself was not right (docs/limits.md). */
static json_t *
describe_refusal(void)
{
	return (json_pack("{s:s, s:o, s:{s:{s:o, s:o}}}", "description",
	    "Any other status: the request was refused before it was an "
	    "operation's, as HTTP that is not right (400, 408, 413, 414, 417, "
	    "421, 431, 501, 505).", "headers", new_headers(false), "content",
	    "application/json", "schema", error_ref(ENVELOPE), "example",
	    error_example(&ERR_BAD_REQUEST)));
}

static json_t *
answer_content(const struct endpoint *e, unsigned list_kind)
{
	json_t	*schema = openapi_schema(e->out, ANSWERED);

	if (list_kind & BY_CURSOR)
		schema = json_pack("{s:[o, o]}", "oneOf", schema,
		    openapi_schema(e->out_cursor, ANSWERED));
	return (json_pack("{s:{s:o, s:o*}}", "application/json", "schema",
	    schema, "example", openapi_example(e->out)));
}

static json_t *
success_headers(const struct endpoint *e, unsigned list_kind)
{
	json_t	*headers = new_headers(e->limit != NULL ||
		    is_among(e->raises, &ERR_TOO_MANY_REQUESTS));

	if (e->status == 201)
		put_header(headers, "Location");
	if (has_version(e->out))
		put_header(headers, "ETag");
	if (list_kind & IN_PAGES)
		put_header(headers, "Link");
	if (e->out != NULL && e->auth != NULL) {
		put_header(headers, "Vary");
		put_header(headers, "Cache-Control");
	}
	if (e->errors == OAUTH)
		put_header(headers, "Cache-Control");
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
	char	 key[8];

	o = json_pack("{s:s, s:o}", "description", success_doc(status),
	    "headers", success_headers(e, list_kind));
	if (e->out != NULL)
		openapi_put(o, "content", answer_content(e, list_kind));
	snprintf(key, sizeof(key), "%d", status);
	openapi_put(responses, key, o);
	if (openapi_reads_version(e))
		openapi_put(responses, "304", json_pack("{s:s, s:o}",
		    "description", "The version that If-None-Match names.",
		    "headers", success_headers(e, 0)));
}

json_t *
openapi_responses(const struct endpoint *e, unsigned list_kind)
{
	json_t	*responses = json_object();

	put_success(responses, e, list_kind);
	if (e->errors == OAUTH)
		put_oauth_errors(responses, e);
	else
		put_envelopes(responses, e, list_kind);
	if (!openapi_has("responses", "Refused"))
		openapi_component_put("responses", "Refused",
		    describe_refusal());
	openapi_put(responses, "default", openapi_ref("responses",
	    "Refused"));
	return (responses);
}
