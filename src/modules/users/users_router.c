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

/* The endpoints of users (the seed's router.py). */

#include "dependencies.h"
#include "middleware/rate_limit.h"
#include "modules/users/users.h"
#include "runtime/endpoint.h"
#include "runtime/respond.h"

RATE_LIMIT(register, 20, HOUR, "Registrations from one address");

static void
create_user(struct ctx *c)
{
	const struct user_create	*in = user_create_body(c);
	struct user			*user;

	user = users_service_create(c, in, current_user_or_none(c));
	respond_header(c, "location", ctx_printf(c, "%s/%s", c->path,
	    user->id));
	user_respond(c, user);
}

static void
read_me(struct ctx *c)
{
	user_respond(c, current_user(c));
}

ROUTE(users_collection,
    POST(create_user, .limit = &register_limit,
	.in = &user_create_schema, .out = &user_schema, .status = 201,
	.doc = "Register a user."));

ROUTE(users_me,
    GET(read_me, .auth = &signed_in, .out = &user_schema,
	.doc = "Read the signed-in user."));
