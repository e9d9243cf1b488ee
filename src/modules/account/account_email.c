/* SPDX-License-Identifier: ISC */
/* The links of a change of the e-mail address: their mails and what they do. */

#include <string.h>

#include "mail/mail.h"
#include "modules/account/account_repository.h"
#include "modules/users/users.h"

NOTICE(email_confirm, "link", "lifetime");
NOTICE(email_cancel, "link", "lifetime", "by", "when", "new_email");

static bool	is_taken(struct ctx *, const struct account_token *) AWAITS;
static const struct user	*find_asker(struct ctx *,
				    const struct notice *) AWAITS;

/* Does another user than the token's have the address? */
static bool
is_taken(struct ctx *c, const struct account_token *token)
{
	const struct user	*owner;

	if (token->email == NULL)	/* not from a mail */
		return (false);
	owner = users_service_find_by_email(c, token->email);
	return (owner != NULL && strcmp(owner->id, token->user_id) != 0);
}

enum email_result
account_service_confirm_email(struct ctx *c, const struct account_verify *in)
{
	const struct account_token	*token;
	bool				 done;

	/* The link is not used up: the address may be free again later. */
	token = account_token_find(c, &email_purpose, in->token);
	if (token != NULL && is_taken(c, token))
		return (EMAIL_TAKEN);
	db_begin(c);
	token = account_token_use(c, &email_purpose, in->token);
	done = token != NULL &&
	    users_email_confirm(c, token->user_id, token->email);
	if (done)
		account_token_drop(c, &email_cancel_purpose, token->user_id);
	db_commit(c);
	return (done ? EMAIL_DONE : EMAIL_NOT_GOOD);
}

bool
account_service_cancel_email(struct ctx *c, const struct account_verify *in)
{
	const struct account_token	*token;

	db_begin(c);
	token = account_token_use(c, &email_cancel_purpose, in->token);
	if (token != NULL)
		users_email_cancel(c, token->user_id);
	db_commit(c);
	return (token != NULL);
}

/* The job's user, if that address is still pending; else NULL. */
static const struct user *
find_asker(struct ctx *c, const struct notice *n)
{
	const struct user	*user = users_service_get_by_id(c, n->id);

	if (user == NULL || !user->is_active || user->pending_email == NULL ||
	    strcmp(user->pending_email, n->to) != 0 ||
	    strcmp(user->email, n->email) != 0)
		return (NULL);
	return (user);
}

/* To the new address: a link, or that its owner has an account already. */
static void
send_email_confirmation(struct ctx *c)
{
	const struct notice	*n = send_email_confirmation_payload(c);
	const struct user	*user = find_asker(c, n), *owner;
	const char		*token;

	if (user == NULL)
		return;
	owner = users_service_find_by_email(c, n->to);
	if (owner != NULL && strcmp(owner->id, user->id) != 0) {
		account_notice_taken(c, owner, n);
		return;
	}
	token = account_token_for_mail(c, &email_purpose, user, n->to);
	mail_send(c, &email_confirm_mail, MAIL_TO(n->to, false, user->locale),
	    CONTEXT(OURS("link", account_link(c, &email_purpose, token)),
	    account_lifetime(&email_purpose),
	    account_lifetime_count(c, &email_purpose)));
}

/* To the old address. A stranger's does not get the user's words. */
static void
send_email_warning(struct ctx *c)
{
	const struct notice	*n = send_email_warning_payload(c);
	const struct user	*user = find_asker(c, n);
	struct mail_value	 to = FROM_USER("new_email", n->to);
	const char		*token;

	if (user == NULL)
		return;
	if (!user->email_verified)
		to = account_other_address("new_email");
	token = account_token_for_mail(c, &email_cancel_purpose, user,
	    user->email);
	mail_send(c, &email_cancel_mail, MAIL_TO(user->email,
	    user->email_verified, user->locale), CONTEXT(
	    OURS("link", account_link(c, &email_cancel_purpose, token)),
	    account_lifetime(&email_cancel_purpose),
	    account_lifetime_count(c, &email_cancel_purpose),
	    ACCOUNT_ORIGIN(c, n), to));
}

JOB(send_email_confirmation, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_email_warning, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
