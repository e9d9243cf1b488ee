/* SPDX-License-Identifier: ISC */
/* The headers of responses, as components that the responses refer to. */

#include <string.h>

#include "openapi/openapi_build.h"

/*
 * The headers by the names of their components; always: never left out. Of two
 * with one name, the name finds the first.
 */
static const struct header_facts {
	const char	*name;
	const char	*component;
	bool		 always;
	bool		 is_integer;
	const char	*doc;
	const char	*example;
} header_facts[] = {
	{ "X-Request-ID", "XRequestId", true, false,
	  "Identifies the request in the log. It is the request's own header, "
	  "if that has 1 to 64 letters, digits and dashes.", EXAMPLE_ID },
	{ "ETag", "ETag", true, false, "Identifies "
	  "this representation, for If-Match and If-None-Match.",
	  EXAMPLE_TAG },
	{ "Location", "Location", true, false, "The path of the new resource.",
	  "/api/v1/users/" EXAMPLE_UUID },
	{ "Link", "Link", false, false, "The next and the previous page, "
	  "if there are any (RFC 8288).",
	  "<https://api.example.com/api/v1/users?page=2>; rel=\"next\"" },
	{ "Vary", "Vary", true, false, "The request headers that the response "
	  "depends on.", "Authorization" },
	{ "Vary", "ErrorVary", false, false, "Accept: it may ask for a "
	  "problem instead. Missing if the head of the request was refused.",
	  "Accept" },
	{ "Cache-Control", "CacheControl", true, false, "Which caches may "
	  "store the response; no-store: none.",
	  "no-store" },
	{ "Pragma", "Pragma", false, false, "Says no-store to caches of "
	  "HTTP/1.0 (RFC 6749, 5.1).", "no-cache" },
	{ "RateLimit", "RateLimit", false, false, "What is left of the "
	  "rate limits, where requests are counted.", "\"token\";r=59;t=1" },
	{ "RateLimit-Policy", "RateLimitPolicy", false, false,
	  "The rate limits.", "\"token\";q=60;w=60" },
	{ "Retry-After", "RetryAfter", true, true, "Seconds until a new "
	  "attempt may succeed.", "1" },
	{ "Retry-After", "RetryAfterInProgress", false, true, "Sent if a "
	  "request with this Idempotency-Key is being handled: seconds until a "
	  "new attempt may succeed.", "1" },
	{ "Idempotent-Replayed", "IdempotentReplayed", false, false, "Sent, "
	  "as true, if the response is the stored one of an earlier request "
	  "with this Idempotency-Key.", "true" },
	{ "Accept-Encoding", "AcceptEncoding", false, false, "Sent if the "
	  "reason is the body's Content-Encoding.", "identity" },
	{ "Accept-Patch", "AcceptPatch", false, false, "The media types of "
	  "a PATCH (RFC 5789, 3.1).", ACCEPT_PATCH },
	{ "WWW-Authenticate", "WWWAuthenticate", true, false,
	  "How to authenticate (RFC 6750, 3).", "Bearer" },
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
put(json_t *headers, const struct header_facts *h)
{
	if (!openapi_component_has("headers", h->component))
		openapi_component_put("headers", h->component,
		    describe_header(h));
	openapi_put(headers, h->name, openapi_ref("headers", h->component));
}

void
openapi_header_put(json_t *headers, const char *name)
{
	const struct header_facts	*h = header_facts;

	while (strcmp(h->name, name) != 0 && strcmp(h->component, name) != 0)
		h++;
	put(headers, h);
}

json_t *
openapi_headers(bool limited)
{
	json_t	*headers = json_object();

	openapi_header_put(headers, "X-Request-ID");
	openapi_header_put(headers, "Cache-Control");
	if (limited) {
		openapi_header_put(headers, "RateLimit");
		openapi_header_put(headers, "RateLimit-Policy");
	}
	return (headers);
}

json_t *
openapi_error_headers(bool limited)
{
	json_t				*headers = openapi_headers(limited);
	const struct header_facts	*h = header_facts;

	while (strcmp(h->component, "ErrorVary") != 0)
		h++;
	put(headers, h);
	return (headers);
}
