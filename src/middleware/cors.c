/* SPDX-License-Identifier: ISC */
/* Decides which headers for browsers a response gets. */

#include <string.h>

#include "middleware/cors.h"
#include "product.h"
#include "utils/origin.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define ORIGINS_MAX	32
#define ALLOW		"access-control-allow-"

static char	 origins[ORIGINS_MAX][ORIGIN_MAX + 1];
static unsigned	 norigins;

const char *
cors_configure(const char *list)
{
	const char	*problem;
	struct text	 origin;
	size_t		 len;

	norigins = 0;
	for (; list != NULL; list = list[len] == ',' ? list + len + 1 : NULL) {
		len = strcspn(list, ",");
		if (norigins == ORIGINS_MAX)
			return (start_error(ENV("CORS_ORIGINS") " has more "
			    "than %u origins", ORIGINS_MAX));
		origin = text_in(origins[norigins++], sizeof(*origins));
		text_add(&origin, list, len);
		problem = origin.cut ? "is longer than any origin" :
		    origin_problem(origin.data);
		if (problem != NULL)
			return (start_error(ENV("CORS_ORIGINS") ": '%.*s' %s "
			    "(it is a list like https://app.example.org,"
			    "http://localhost:5173)", (int)len, list,
			    problem));
	}
	return (NULL);
}

/* The origin that asks, if it is allowed and the only one; or NULL. */
static const char *
allowed_origin(const struct head *h)
{
	const struct head_line	*line = head_next(h, NULL, "origin");
	unsigned		 i;

	if (line == NULL || head_next(h, line, "origin") != NULL)
		return (NULL);
	for (i = 0; i < norigins; i++) {
		if (strcmp(origins[i], line->value) == 0)
			return (origins[i]);
	}
	return (NULL);
}

static bool
is_options(const struct head *h)
{
	return (strcmp(h->method, "OPTIONS") == 0);
}

bool
cors_is_preflight(const struct head *h)
{
	return (is_options(h) && allowed_origin(h) != NULL &&
	    head_value(h, "access-control-request-method") != NULL);
}

/*
 * The headers that the API reads, and those that HTTP libraries and tracing add
 * to each request. A browser does not send a request with any other.
 */
static void
put_preflight(header_put_fn *put, void *to)
{
	put(to, ALLOW "methods", "GET, HEAD, POST, PUT, PATCH, DELETE, "
	    "OPTIONS");
	put(to, ALLOW "headers", "Accept, Accept-Language, Authorization, "
	    "Cache-Control, Content-Type, Idempotency-Key, If-Match, "
	    "If-None-Match, Pragma, X-Request-ID, X-Requested-With, baggage, "
	    "sentry-trace, traceparent, tracestate");
	put(to, "access-control-max-age", "600");	/* seconds */
}

static void
put_allowed(const struct head *h, header_put_fn *put, void *to)
{
	const char	*origin = allowed_origin(h);

	if (origin == NULL)
		return;
	put(to, ALLOW "origin", origin);
	put(to, ALLOW "credentials", "true");
	put(to, "access-control-expose-headers", "Accept-Encoding, "
	    "Accept-Patch, Allow, ETag, Idempotent-Replayed, Link, Location, "
	    "RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, "
	    "X-Request-ID");
	if (cors_is_preflight(h))
		put_preflight(put, to);
}

void
cors_headers(const struct head *h, const char *vary, header_put_fn *put,
    void *to)
{
	char		 buffer[256];
	struct text	 all = text_in(buffer, sizeof(buffer));

	text_puts(&all, vary != NULL ? vary : "");
	if (h != NULL && norigins > 0) {
		text_printf(&all, "%sOrigin%s", all.len > 0 ? ", " : "",
		    is_options(h) ? ", Access-Control-Request-Method, "
		    "Access-Control-Request-Headers" : "");
		put_allowed(h, put, to);
	}
	if (all.len > 0)
		put(to, "vary", all.data);
}
