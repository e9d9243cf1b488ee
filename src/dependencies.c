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

/* Who is signed in (the seed's dependencies.py). */

#include "dependencies.h"
#include "middleware/middleware.h"
#include "utils/jwt.h"

static void	resolve_user(struct ctx *) AWAITS;

static void
resolve_user(struct ctx *c)
{
	const struct jwt_claims	*claims;

	if ((claims = auth_claims(c)) == NULL)
		auth_raise(c);
	c->user = users_service_find_signed_in(c, claims->sub, claims->sid);
	if (c->user == NULL)
		auth_raise(c);
}

const struct dependency	signed_in = { "signed_in", resolve_user };

const struct user *
current_user(const struct ctx *c)
{
	return (c->user);
}

const struct user *
current_user_or_none(struct ctx *c)
{
	if (c->user == NULL && auth_bearer_token(c) != NULL)
		resolve_user(c);
	return (c->user);
}
