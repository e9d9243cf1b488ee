/* SPDX-License-Identifier: ISC */
/* What the files of this module share. For src/modules/auth only. */

#ifndef MODULES_AUTH_PARTS_H
#define MODULES_AUTH_PARTS_H

#include "modules/auth/auth.h"

struct jwt_key;

/* auth_tokens.c */

/*
 * The response of a sign-in or a refresh: a new access token for the session,
 * which it does not outlive, and this refresh token.
 */
struct token	*auth_tokens_make(struct ctx *, const char *user_id,
		    const char *session_id, int64_t session_expires_at,
		    const char *refresh_token);

/* The first refresh token of a session. */
const char	*auth_tokens_first(struct ctx *, const char *session_id);

/* The refresh token that follows this one under a key. */
const char	*auth_tokens_next(struct ctx *, const struct jwt_key *,
		    const char *token);

/* Was a refresh token made with one of our keys? */
bool		 auth_tokens_is_ours(struct ctx *, const char *token);

/* Its hash, for the database. */
const char	*auth_tokens_hash(struct ctx *, const char *token);

/* auth_confirm.c */

/* Raises 422: the current password is wrong. */
void		 auth_raise_incorrect(struct ctx *) __attribute__((noreturn));

/* auth_audit.c */

/*
 * Records that sessions of a user were ended: this one, or n if session_id is
 * NULL. `how`: "logout", "revoke", "one", "all" or "limit".
 */
void		 auth_audit_ended(struct ctx *, const char *user_id,
		    const char *session_id, int64_t n, const char *how) AWAITS;

#endif
