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

#ifndef KEEL_AUTH_H
#define KEEL_AUTH_H

#include "modules/users/users.h"
#include "runtime/schema.h"

#define ACCESS_TOKEN_SECONDS	900
#define SESSION_DAYS		30

/* auth_schemas.c: RFC 6749, 4.3.2 and 5.1 */

struct token_request {
	const char	*grant_type;
	const char	*username;
	const char	*password;
	const char	*scope;
};

struct token {
	const char	*access_token;
	const char	*token_type;
	int64_t		 expires_in;		/* seconds */
	const char	*scope;
};

SCHEMA_FORM(token_request);
SCHEMA_ANSWER(token, token);

/* auth_service.c */

/*
 * Signs a user in by password: a new session and its first access token.
 * Raises invalid_grant for an unknown address, a wrong password and a disabled
 * account alike, after the same time.
 */
struct token	*auth_service_sign_in(struct ctx *,
		    const struct token_request *) AWAITS;

/* auth_repository.c */

/* False when the user has gone or was disabled meanwhile. */
bool		 auth_repository_create_session(struct ctx *, const char *id,
		    const struct user *, int64_t expires_at) AWAITS;

#endif
