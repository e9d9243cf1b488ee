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

#ifndef KEEL_USERS_H
#define KEEL_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "database/database.h"
#include "runtime/schema.h"

/* users_models.c */

struct user {
	const char	*id;
	const char	*email;
	const char	*name;
	const char	*hashed_password;
	const char	*role;
	bool		 is_active;
	bool		 email_verified;
	int64_t		 created_at;
	int64_t		 updated_at;
};

extern const struct model	user_model;

/* users_schemas.c */

struct user_create {
	const char	*email;
	const char	*name;
	const char	*password;
	const char	*role;
};

SCHEMA_BODY(user_create);
SCHEMA_ANSWER(user, user);	/* UserResponse */

/* users_service.c */

/*
 * Registers a user and enqueues the welcome mail, in one transaction. actor is
 * who asks, NULL for a stranger. Raises ERR_FORBIDDEN when anyone but an admin
 * asks for a role other than user, ERR_CONFLICT when the address is taken.
 */
struct user	*users_service_create(struct ctx *,
		    const struct user_create *, const struct user *actor)
		    AWAITS;

/*
 * The address as it is compared: NFC, its domain in lower case. NULL when it
 * is no address.
 */
const char	*users_service_normalise(struct ctx *, const char *email);

/* The user with that address, whatever its case; NULL if there is none. */
struct user	*users_service_find_by_email(struct ctx *, const char *email)
		    AWAITS;

/*
 * The user a token speaks for: active, and in a session neither revoked nor
 * expired. NULL otherwise.
 */
struct user	*users_service_find_signed_in(struct ctx *, const char *user_id,
		    const char *session_id) AWAITS;

/*
 * Is this the user's password? user may be NULL and the answer then false,
 * after the same time. A hash made with older settings is replaced by one of
 * today's (the seed's CryptContext(deprecated="auto")).
 */
bool		 users_service_verify_password(struct ctx *,
		    const struct user *, const char *password) AWAITS;

/* The Argon2id hash of a password. */
const char	*users_service_hash_password(struct ctx *, const char *password)
		    AWAITS;

/*
 * For the create-admin command, outside of any request: creates an admin whose
 * address counts as verified. Returns NULL, or a line saying what is wrong.
 */
const char	*users_service_create_admin(const char *email,
		    const char *hashed_password);

/* users_repository.c */

struct user	*users_repository_find_by_email(struct ctx *,
		    const char *email) AWAITS;
struct user	*users_repository_find_signed_in(struct ctx *,
		    const char *user_id, const char *session_id) AWAITS;

/* NULL when the e-mail address is taken. */
struct user	*users_repository_create(struct ctx *,
		    const struct user_create *, const char *hashed_password)
		    AWAITS;

/* *created is false when the e-mail address is taken. */
const char	*users_repository_create_admin(const char *email,
		    const char *hashed_password, bool *created);

/* Replaces a hash, unless it has changed meanwhile. */
void		 users_repository_rehash(struct ctx *, const struct user *,
		    const char *hashed_password) AWAITS;

#endif
