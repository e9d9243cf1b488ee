/* SPDX-License-Identifier: ISC */
/* The rules of links in mails. */

#include "middleware/middleware.h"
#include "modules/account/account_repository.h"
#include "modules/account/tokens.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth.h"

#define BATCH	1000	/* rows per statement, which has five seconds */

AUDIT_ACTION(password_reset, "A password was set by a link.");
AUDIT_ACTION(password_reset_sent,
    "An admin had a user sent a link to set a new password.");
AUDIT_ACTION(password_reset_link,
    "The command `./keel reset-password` printed a link.");
AUDIT_ACTION(email_verified, "An e-mail address was verified by a link.");

void
account_service_forgot(struct ctx *c, const struct account_email *in)
{
	db_begin(c);
	background(c, send_password_reset, in);
	db_commit(c);
}

void
account_service_resend(struct ctx *c, const struct account_email *in)
{
	db_begin(c);
	background(c, send_verification, in);
	db_commit(c);
}

void
account_service_send_reset(struct ctx *c, const struct user *user)
{
	if (!user->is_active)
		raise_error(c, &ERR_CONFLICT, "The user is deactivated");
	db_begin(c);
	background(c, send_reset_by_admin, user);
	audit(c, password_reset_sent, .target_id = user->id);
	db_commit(c);
}

static void	set_password(struct ctx *, const struct account_token *,
		    const char *) AWAITS;

/*
 * Who has read a mail to the address has shown that it is theirs. A link that a
 * command has printed shows nothing.
 */
static void
set_password(struct ctx *c, const struct account_token *token,
    const char *hash)
{
	const struct user	*user;
	bool			 verifies;

	user = users_service_get_by_id(c, token->user_id);
	verifies = token->email != NULL && !user->email_verified;
	users_service_reset_password(c, user, hash, verifies);
	auth_service_begin_anew(c, user);
	users_notice_password(c, user);
	account_token_drop(c, &reset_purpose, user->id);
	audit(c, password_reset, .actor_id = user->id, .target_id = user->id,
	    CHANGES({ "email_verified", verifies ? "false" : NULL,
	    verifies ? "true" : NULL }));
}

bool
account_service_reset(struct ctx *c, const struct account_reset *in)
{
	const struct account_token	*token;
	const struct user		*user;
	const char			*hash;

	/* Before the hash, which is expensive. */
	token = account_token_find(c, &reset_purpose, in->token);
	if (token == NULL ||
	    (user = users_service_get_by_id(c, token->user_id)) == NULL)
		return (false);
	hash = users_service_hash_password(c, user, in->new_password,
	    "body.new_password");

	db_begin(c);
	token = account_token_use(c, &reset_purpose, in->token);
	if (token != NULL)
		set_password(c, token, hash);
	db_commit(c);
	return (token != NULL);
}

bool
account_service_verify(struct ctx *c, const struct account_verify *in)
{
	const struct account_token	*token;

	db_begin(c);
	token = account_token_use(c, &verify_purpose, in->token);
	if (token != NULL && users_service_verify_email(c, token->user_id))
		audit(c, email_verified, .actor_id = token->user_id,
		    .target_id = token->user_id,
		    CHANGES({ "email_verified", "false", "true" }));
	db_commit(c);
	return (token != NULL);
}

void
account_service_purge(struct ctx *c)
{
	while (account_repository_purge(c, BATCH) == BATCH)
		;
}

const char *
account_service_reset_link(const char *email_key, const char **problem)
{
	static char	 link[LINK_MAX];
	char		 token[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	bool		 created;

	*problem = "no randomness";
	if (!token_random(&reset_purpose, token))
		return (NULL);
	token_hash(token, hash);
	*problem = account_repository_create_by_command(hash, &reset_purpose,
	    email_key, &created);
	if (*problem == NULL && !created)
		*problem = "no active user has this e-mail address";
	if (*problem != NULL)
		return (NULL);
	token_link(&reset_purpose, token, link);
	return (link);
}
