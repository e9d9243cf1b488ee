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

/* The endpoints of signing in. */

#include "middleware/rate_limit.h"
#include "modules/auth/auth.h"
#include "runtime/endpoint.h"
#include "runtime/respond.h"

RATE_LIMIT(token, 60, MINUTE, "Token requests from one address");

static void
create_token(struct ctx *c)
{
	const struct token_request	*in = token_request_form(c);

	respond_header(c, "cache-control", "no-store");
	token_respond(c, auth_service_sign_in(c, in));
}

ROUTE(auth_token,
    POST(create_token, .limit = &token_limit,
	.in = &token_request_schema, .out = &token_schema, .errors = OAUTH,
	.doc = "Sign in: OAuth 2.0 password grant."));
