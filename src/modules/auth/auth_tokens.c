/* SPDX-License-Identifier: ISC */
/* Access tokens and refresh tokens, with the keys of the settings. */

#include <string.h>

#include "config.h"
#include "modules/auth/auth_parts.h"
#include "product.h"
#include "utils/jwt.h"
#include "utils/refresh_token.h"
#include "utils/timefmt.h"
#include "utils/uuid.h"

#define SECOND	INT64_C(1000000)	/* microseconds */

#define ACCESS_TOKEN_MAX	2048

const struct error_kind	invalid_request = {
	400, "invalid_request",
	"The parameters username and password are required"
};
const struct error_kind	invalid_grant = {
	400, "invalid_grant",
	"Incorrect username or password"
};
const struct error_kind	invalid_scope = {
	400, "invalid_scope",
	"There are no scopes: leave the parameter out"
};
const struct error_kind	unsupported_grant_type = {
	400, "unsupported_grant_type",
	"The grant type must be password or refresh_token"
};
const struct error_kind	token_required = {
	400, "invalid_request",
	"The parameter token is required"
};

static void
require_made(struct ctx *c, bool made)
{
	if (!made)
		raise_error(c, &ERR_UNAVAILABLE, "Cannot make a token");
}

static const char *
access_token(struct ctx *c, const char *user_id, const char *session_id,
    int64_t now, int64_t seconds)
{
	struct jwt_claims	*claims = ctx_alloc(c, sizeof(*claims));
	char			*token = ctx_alloc(c, ACCESS_TOKEN_MAX);

	/* RFC 9068, 2.2 */
	strcpy(claims->iss, config.public_url);
	strcpy(claims->aud, config.public_url);
	strcpy(claims->sub, user_id);
	strcpy(claims->sid, session_id);
	strcpy(claims->client_id, PRODUCT);
	claims->iat = now;
	claims->exp = now + seconds;
	require_made(c, uuid_v7(claims->jti) && jwt_sign(&config.jwt_key,
	    claims, token, ACCESS_TOKEN_MAX) != -1);
	return (token);
}

struct token *
auth_tokens_make(struct ctx *c, const char *user_id, const char *session_id,
    int64_t session_expires_at, const char *refresh_token)
{
	struct token	*token = ctx_alloc(c, sizeof(*token));
	int64_t		 now = timefmt_now() / SECOND;
	int64_t		 left = session_expires_at / SECOND - now;

	token->expires_in = left > ACCESS_TOKEN_SECONDS ?
	    ACCESS_TOKEN_SECONDS : left > 0 ? left : 0;
	token->access_token = access_token(c, user_id, session_id, now,
	    token->expires_in);
	token->token_type = "bearer";
	token->refresh_token = refresh_token;
	return (token);
}

const char *
auth_tokens_first(struct ctx *c, const char *session_id)
{
	char	*token = ctx_alloc(c, REFRESH_TOKEN_TEXT);

	require_made(c, refresh_token_first(config.jwt_key.secret,
	    config.jwt_key.secret_len, session_id, token));
	return (token);
}

const char *
auth_tokens_next(struct ctx *c, const struct jwt_key *key, const char *token)
{
	char	*next = ctx_alloc(c, REFRESH_TOKEN_TEXT);

	require_made(c, refresh_token_next(key->secret, key->secret_len, token,
	    next));
	return (next);
}

bool
auth_tokens_is_ours(struct ctx *c, const char *token)
{
	const struct jwt_key	*key;
	bool			 ours = false;

	for (key = &config.jwt_key; key != NULL && !ours; key = key->previous)
		require_made(c, refresh_token_is_ours(key->secret,
		    key->secret_len, token, &ours));
	return (ours);
}

const char *
auth_tokens_hash(struct ctx *c, const char *token)
{
	char	*hash = ctx_alloc(c, REFRESH_TOKEN_HASH);

	require_made(c, refresh_token_hash(token, hash));
	return (hash);
}
