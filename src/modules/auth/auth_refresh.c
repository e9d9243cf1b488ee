/* SPDX-License-Identifier: ISC */
/* Stays signed in with refresh tokens, and revokes tokens (RFC 7009). */

#include "config.h"
#include "middleware/middleware.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth_parts.h"
#include "modules/auth/auth_repository.h"
#include "utils/jwt.h"
#include "utils/refresh_token.h"

AUDIT_ACTION(refresh_reused, "A refresh token was used a second time, so that "
    "somebody else may have it. Its session was ended.");

static void		 end_family(struct ctx *, const char *, const char *,
			    bool) AWAITS;
static const char	*rotate(struct ctx *, const char *, const char *)
			    AWAITS;
static const char	*find_successor(struct ctx *, const char *) AWAITS;
static void		 revoke_refresh_token(struct ctx *, const char *,
			    const char *) AWAITS;
static void		 revoke_access_token(struct ctx *, const char *)
			    AWAITS;

/* The same for every token, so that nobody learns what is wrong with it. */
static void __attribute__((noreturn))
refuse(struct ctx *c)
{
	raise_error(c, &invalid_grant,
	    "The refresh token is invalid, expired or revoked");
}

/* Ends the session of a token that was used before, and the transaction. */
static void
end_family(struct ctx *c, const char *session_id, const char *hash, bool ours)
{
	const struct session_owner	*owner;

	owner = auth_repository_revoke_by_token(c, session_id, hash, ours);
	if (owner == NULL)
		return;
	audit(c, refresh_reused, .session_id = session_id,
	    .target_id = owner->user_id);
	db_commit(c);
}

static const char *
rotate(struct ctx *c, const char *token, const char *hash)
{
	const char	*next = auth_tokens_next(c, &config.jwt_key, token);

	auth_repository_rotate_token(c, hash, auth_tokens_hash(c, next));
	return (next);
}

/*
 * The successor that this token got when it was used, perhaps under the
 * previous key. On a server that does not have that key, a retry of the client
 * may reach another one.
 */
static const char *
find_successor(struct ctx *c, const char *token)
{
	const struct jwt_key	*key;
	const char		*next;

	for (key = &config.jwt_key; key != NULL; key = key->previous) {
		next = auth_tokens_next(c, key, token);
		if (auth_repository_token_exists(c, auth_tokens_hash(c, next)))
			return (next);
	}
	raise_error(c, &ERR_UNAVAILABLE,
	    "The refresh token was used at a server with another key");
}

struct token *
auth_service_refresh(struct ctx *c, const char *token)
{
	const struct refresh_token	*row;
	struct token			*made;
	const char			*hash, *next;
	char				*session_id;

	session_id = ctx_alloc(c, UUID_TEXT);
	if (!refresh_token_session(token, session_id))
		refuse(c);
	hash = auth_tokens_hash(c, token);

	db_begin(c);
	row = auth_repository_find_token(c, hash);
	if (row == NULL || row->late) {
		/* Of a used token, only the tag is kept after an hour. */
		end_family(c, session_id, hash, row != NULL ||
		    auth_tokens_is_ours(c, token));
		refuse(c);
	}
	if (!row->active)
		refuse(c);
	next = row->used ? find_successor(c, token) : rotate(c, token, hash);
	made = auth_tokens_make(c, row->user_id, session_id, row->expires_at,
	    next);
	db_commit(c);
	c->user_id = row->user_id;
	return (made);
}

static void
revoke_refresh_token(struct ctx *c, const char *token, const char *session_id)
{
	const struct session_owner	*owner;

	db_begin(c);
	owner = auth_repository_revoke_by_token(c, session_id,
	    auth_tokens_hash(c, token), auth_tokens_is_ours(c, token));
	if (owner != NULL)
		auth_audit_ended(c, owner->user_id, session_id, 1, "revoke");
	db_commit(c);
}

static void
revoke_access_token(struct ctx *c, const char *token)
{
	const struct jwt_claims	*claims = auth_verify(c, token);

	if (claims == NULL)
		return;
	db_begin(c);
	if (auth_repository_revoke_session(c, claims->sub, claims->sid))
		auth_audit_ended(c, claims->sub, claims->sid, 1, "revoke");
	db_commit(c);
}

void
auth_service_revoke(struct ctx *c, const char *token)
{
	char	*session_id = ctx_alloc(c, UUID_TEXT);

	if (token == NULL)
		raise_error(c, &token_required, "%s", token_required.doc);
	if (refresh_token_session(token, session_id))
		revoke_refresh_token(c, token, session_id);
	else
		revoke_access_token(c, token);
}
