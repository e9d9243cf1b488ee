/* SPDX-License-Identifier: ISC */
/* The jobs that send links, and the one that deletes expired tokens. */

#include "config.h"
#include "mail/mail.h"
#include "modules/account/account.h"
#include "modules/users/users.h"

MAIL(reset, "link", "lifetime");
NOTICE(reset_by_admin, "link", "lifetime");
MAIL(verify, "link", "lifetime");
MAIL(welcome, "url", "link", "lifetime");
MAIL(welcome_verified, "url");

static void	send_link(struct ctx *, const struct mail *,
		    const struct token_purpose *, const struct user *) AWAITS;

/* A mail may leave out the URL. */
static void
send_link(struct ctx *c, const struct mail *mail,
    const struct token_purpose *purpose, const struct user *user)
{
	const char	*token;

	token = account_token_for_mail(c, purpose, user, user->email);
	mail_send(c, mail, MAIL_TO(user->email, user->email_verified,
	    user->locale), CONTEXT(OURS("url", config.public_url),
	    OURS("link", account_link(c, purpose, token)),
	    account_lifetime(purpose), account_lifetime_count(c, purpose)));
}

static void
send_welcome_email(struct ctx *c)
{
	const struct user	*in = send_welcome_email_payload(c);
	const struct user	*user = users_service_get_by_id(c, in->id);

	if (user == NULL)
		return;
	if (user->is_active && !user->email_verified)
		send_link(c, &welcome_mail, &verify_purpose, user);
	else
		mail_send(c, &welcome_verified_mail, MAIL_TO(user->email,
		    user->email_verified, user->locale), CONTEXT(OURS("url",
		    config.public_url)));
}

static void
send_password_reset(struct ctx *c)
{
	const struct account_email	*in = send_password_reset_payload(c);
	const struct user		*user;

	user = users_service_find_by_email(c, in->email);
	if (user != NULL && user->is_active)
		send_link(c, &reset_mail, &reset_purpose, user);
}

/* Strangers who have asked for many mails do not keep this one away. */
static void
send_reset_by_admin(struct ctx *c)
{
	const struct user	*in = send_reset_by_admin_payload(c);
	const struct user	*user = users_service_get_by_id(c, in->id);

	if (user != NULL && user->is_active)
		send_link(c, &reset_by_admin_mail, &reset_purpose, user);
}

static void
send_verification(struct ctx *c)
{
	const struct account_email	*in = send_verification_payload(c);
	const struct user		*user;

	user = users_service_find_by_email(c, in->email);
	if (user != NULL && user->is_active && !user->email_verified)
		send_link(c, &verify_mail, &verify_purpose, user);
}

static void
purge_account_tokens(struct ctx *c)
{
	account_service_purge(c);
}

JOB(send_welcome_email, .payload = &user_ref_schema, .unique = "id",
    .user = "id", MAIL_ATTEMPTS);

/*
 * These are not unique: whether the same address waits already would show in
 * the time of a request.
 */
JOB(send_password_reset, .payload = &account_email_schema, MAIL_ATTEMPTS);
JOB(send_reset_by_admin, .payload = &user_ref_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_verification, .payload = &account_email_schema, MAIL_ATTEMPTS);
JOB(purge_account_tokens, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
