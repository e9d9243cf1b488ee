/* SPDX-License-Identifier: ISC */
/* Sends notices: mails that tell users what happened to their account. */

#include "config.h"
#include "mail/mail.h"
#include "modules/account/account.h"
#include "modules/users/users.h"

NOTICE(notice_password, "by", "when", "url");
NOTICE(notice_device, "by", "when", "url");
NOTICE(notice_role, "by", "when", "url", "old_role", "new_role");
NOTICE(notice_email, "by", "when", "url", "new_email");
NOTICE(notice_taken, "by", "when", "url");

/* What every notice tells, and what it tells besides. */
#define FACTS(c, n, ...)						\
	CONTEXT(ACCOUNT_ORIGIN(c, n), OURS("url", config.public_url),	\
	    ##__VA_ARGS__)

static void	tell(struct ctx *, const struct mail *, const struct notice *,
		    const struct mail_value *) AWAITS;

/* Sends the mail to the notice's user, unless they have been deleted. */
static void
tell(struct ctx *c, const struct mail *mail, const struct notice *n,
    const struct mail_value *facts)
{
	const struct user	*user = users_service_get_by_id(c, n->id);

	if (user != NULL)
		mail_send(c, mail, MAIL_TO(user->email, user->email_verified,
		    user->locale), facts);
}

static void
send_password_notice(struct ctx *c)
{
	const struct notice	*n = send_password_notice_payload(c);

	tell(c, &notice_password_mail, n, FACTS(c, n));
}

static void
send_device_notice(struct ctx *c)
{
	const struct notice	*n = send_device_notice_payload(c);

	tell(c, &notice_device_mail, n, FACTS(c, n));
}

static void
send_role_notice(struct ctx *c)
{
	const struct notice	*n = send_role_notice_payload(c);

	tell(c, &notice_role_mail, n, FACTS(c, n, OURS("old_role", n->from),
	    OURS("new_role", n->to)));
}

/* To the old address. A stranger's does not get the user's words. */
static void
send_email_notice(struct ctx *c)
{
	const struct notice	*n = send_email_notice_payload(c);
	const struct user	*user = users_service_get_by_id(c, n->id);
	struct mail_value	 to = FROM_USER("new_email", n->to);

	if (user == NULL)
		return;
	if (!n->verified)
		to = account_other_address("new_email");
	mail_send(c, &notice_email_mail, MAIL_TO(n->email, n->verified,
	    user->locale), FACTS(c, n, to));
}

void
account_notice_taken(struct ctx *c, const struct user *owner,
    const struct notice *n)
{
	mail_send(c, &notice_taken_mail, MAIL_TO(owner->email,
	    owner->email_verified, owner->locale), FACTS(c, n));
}

/* The address was stored in the form in which it is compared. */
static void
send_taken_notice(struct ctx *c)
{
	const struct notice	*n = send_taken_notice_payload(c);
	const struct user	*owner;

	owner = users_service_find_by_email(c, n->email);
	if (owner != NULL)
		account_notice_taken(c, owner, n);
}

JOB(send_password_notice, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_device_notice, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_role_notice, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_email_notice, .payload = &notice_schema, .user = "id",
    MAIL_ATTEMPTS);
JOB(send_taken_notice, .payload = &notice_taken_schema, MAIL_ATTEMPTS);
