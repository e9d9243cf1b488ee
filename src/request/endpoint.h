/* SPDX-License-Identifier: ISC */
/* Endpoints: what a ROUTE row declares for one method of a path. */

#ifndef REQUEST_ENDPOINT_H
#define REQUEST_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

struct ctx;
struct dependency;
struct error_kind;
struct header;
struct rate_limit;
struct schema;
struct text;

enum http_verb {
	VERB_NONE, VERB_GET, VERB_POST, VERB_PUT, VERB_PATCH, VERB_DELETE
};

/* The shape of an endpoint's errors: the envelope, or RFC 6749, 5.2. */
enum error_shape { ENVELOPE, OAUTH };

/* Pages for people instead: how an endpoint that a browser opens fails. */
struct error_page {
	struct header	*headers;	/* of each page; they never change */
	struct header	*problem_headers;	/* with PROBLEM_TYPE instead */
	void		(*write)(struct text *, struct ctx *);
	const char	*busy;		/* a 503: below ENVELOPE_MAX bytes */
};

struct endpoint {
	enum http_verb			 verb;
	void				(*handler)(struct ctx *);
	const char			*name;
	const struct rate_limit		*limit;		/* per address */
	const struct dependency		*auth;		/* or &public */
	const struct dependency		*also;		/* after auth */
	const struct schema		*in;
	bool				 form;		/* in: no JSON */
	size_t				 body_max;	/* in: bytes; 0 means
							   http_body_max */
	const struct schema		*out;
	const struct schema		*out_cursor;	/* with ?cursor */
	int				 status;	/* 0 means 200 */
	bool				 raw;		/* no schema writes
							   the body */
	const struct schema		*out_accepted;	/* with 202 instead */
	const unsigned			*accepts;	/* if this is not 0 */
	const char			*accepted_doc;
	enum error_shape		 errors;
	const struct error_page		*error_page;	/* its shape */
	bool				 if_match;	/* *_precondition() */
	bool				 idempotent;	/* a POST that reads
							   Idempotency-Key */
	bool				 any_query;	/* it is ignored */
	const struct error_kind	*const	*raises;	/* besides the above */
	bool				 hidden;	/* not in OpenAPI */
	const char			*doc;
};

/* "GET" for VERB_GET. */
const char	*endpoint_verb_name(enum http_verb);

#endif
