/* SPDX-License-Identifier: ISC */
/* Jobs of users, like FastAPI's BackgroundTasks. */

#include "config.h"
#include "mail/mail.h"
#include "modules/account/account.h"
#include "modules/users/users.h"

/* The payload holds only the user's id: the job reads the rest when it runs. */
static const struct field	user_ref_fields[] = {
	FIELD(user, id, T_UUID, REQUIRED, NULL),
};

SCHEMA_OF(user_ref, user);

MAIL(welcome, "url", "link", "lifetime");
MAIL(welcome_verified, "url");

static void	send_unverified(struct ctx *, const struct user *) AWAITS;

/* The mail brings the link that shows that the address is theirs. */
static void
send_unverified(struct ctx *c, const struct user *user)
{
	const char	*token;

	token = account_token_for_mail(c, &verify_purpose, user, user->email);
	mail_send(c, &welcome_mail, MAIL_TO(user->email, false), CONTEXT(
	    OURS("url", config.public_url),
	    OURS("link", account_link(c, &verify_purpose, token)),
	    OURS("lifetime", account_lifetime(c, &verify_purpose))));
}

static void
send_welcome_email(struct ctx *c)
{
	const struct user	*in = send_welcome_email_payload(c);
	const struct user	*user = users_service_get_by_id(c, in->id);

	if (user == NULL)
		return;
	if (user->is_active && !user->email_verified)
		send_unverified(c, user);
	else
		mail_send(c, &welcome_verified_mail, MAIL_TO(user->email,
		    user->email_verified),
		    CONTEXT(OURS("url", config.public_url)));
}

JOB(send_welcome_email, .payload = &user_ref_schema, .unique = "id",
    .attempts = 20, .backoff = 10, .backoff_max = 3600, .timeout = 60);
