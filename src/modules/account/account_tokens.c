/* SPDX-License-Identifier: ISC */
/* Tokens of links: makes them, recognises them, writes their links. */

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/sha.h>

#include "config.h"
#include "modules/account/account_repository.h"
#include "modules/account/tokens.h"
#include "product.h"
#include "utils/base64url.h"
#include "utils/hex.h"
#include "utils/keyed_hash.h"

#define SECRET_TEXT	(BASE64URL_SIZE(KEYED_HASH_BYTES) - 1)

const struct token_purpose	reset_purpose = {
	.name = "reset", .path = "reset",
	.seconds = &account_settings.reset_seconds,
};
const struct token_purpose	verify_purpose = {
	.name = "verify", .path = "verify",
	.seconds = &account_settings.verify_seconds,
};

const struct token_purpose	email_purpose = {
	.name = "email", .path = "email",
	.seconds = &account_settings.email_seconds,
};
const struct token_purpose	email_cancel_purpose = {
	.name = "email_cancel", .path = "email/cancel",
	.seconds = &account_settings.email_seconds,
};

/* keel_reset_ and 43 characters. */
static void
write_token(const struct token_purpose *purpose,
    const unsigned char secret[static KEYED_HASH_BYTES],
    char out[static TOKEN_TEXT])
{
	char	 text[SECRET_TEXT + 1];

	base64url_encode(text, sizeof(text), secret, KEYED_HASH_BYTES);
	snprintf(out, TOKEN_TEXT, PRODUCT "_%s_%s", purpose->name, text);
}

void
token_hash(const char *token, char out[static TOKEN_HASH_TEXT])
{
	unsigned char	 digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)token, strlen(token), digest);
	hex_text(out, digest, sizeof(digest));
}

bool
token_random(const struct token_purpose *purpose, char out[static TOKEN_TEXT])
{
	unsigned char	 secret[KEYED_HASH_BYTES];

	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return (false);
	write_token(purpose, secret, out);
	return (true);
}

/*
 * A mail whose job runs again must be the same, so its token is made from the
 * job, under the server's secret, and from what it changes: after it has been
 * used, the job cannot make it again.
 */
static const char *
token_of_job(struct ctx *c, const struct token_purpose *purpose,
    const struct user *user, const char *to)
{
	char		*token = ctx_alloc(c, TOKEN_TEXT);
	unsigned char	 secret[KEYED_HASH_BYTES];
	const char	*from;

	from = ctx_printf(c, "%s %s %s %s %s", c->job->id, purpose->name, to,
	    user->email, user->hashed_password);
	if (!keyed_hash_bytes(config.jwt_key.secret, config.jwt_key.secret_len,
	    PRODUCT_STORED " account token", from, secret))
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	c->secret = true;
	write_token(purpose, secret, token);
	return (token);
}

const char *
account_token_for_mail(struct ctx *c, const struct token_purpose *purpose,
    const struct user *user, const char *to)
{
	const char	*token = token_of_job(c, purpose, user, to);
	char		 hash[TOKEN_HASH_TEXT];

	token_hash(token, hash);
	if (!account_repository_create(c, hash, purpose, user, to))
		raise_error(c, &ERR_UNAVAILABLE, "The user has changed");
	return (token);
}

const char *
account_link(struct ctx *c, const struct token_purpose *purpose,
    const char *token)
{
	char	*link = ctx_alloc(c, LINK_MAX);

	token_link(purpose, token, link);
	return (link);
}

void
token_link(const struct token_purpose *purpose, const char *token,
    char out[static LINK_MAX])
{
	const char	*frontend = account_settings.frontend_url;

	snprintf(out, LINK_MAX, "%s%s/%s?token=%s", frontend != NULL ?
	    frontend : config.public_url, frontend != NULL ? "" : "/account",
	    purpose->path, token);
}

/* The hash of what may be a token for the purpose; NULL if it is none. */
static const char *
hash_of(struct ctx *c, const struct token_purpose *purpose, const char *token)
{
	const char	*prefix = ctx_printf(c, PRODUCT "_%s_", purpose->name);
	size_t		 len = strlen(prefix);
	char		*hash;

	if (strncmp(token, prefix, len) != 0 ||
	    strlen(token) != len + SECRET_TEXT)
		return (NULL);
	hash = ctx_alloc(c, TOKEN_HASH_TEXT);
	token_hash(token, hash);
	return (hash);
}

struct account_token *
account_token_find(struct ctx *c, const struct token_purpose *purpose,
    const char *token)
{
	const char	*hash = hash_of(c, purpose, token);

	return (hash == NULL ? NULL :
	    account_repository_find(c, hash, purpose));
}

struct account_token *
account_token_use(struct ctx *c, const struct token_purpose *purpose,
    const char *token)
{
	const char	*hash = hash_of(c, purpose, token);

	return (hash == NULL ? NULL :
	    account_repository_use(c, hash, purpose));
}

void
account_token_drop(struct ctx *c, const struct token_purpose *purpose,
    const char *user_id)
{
	account_repository_drop(c, purpose, user_id);
}
