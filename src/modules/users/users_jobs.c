/* SPDX-License-Identifier: ISC */
/* Jobs of users, like FastAPI's BackgroundTasks. */

#include "config.h"
#include "mail/mail.h"
#include "modules/users/users.h"

/* The payload holds only the user's id: the job reads the rest when it runs. */
static const struct field	user_ref_fields[] = {
	FIELD(user, id, T_UUID, REQUIRED, NULL),
};

SCHEMA_OF(user_ref, user);

MAIL(welcome, "url");

static void
send_welcome_email(struct ctx *c)
{
	const struct user	*in = send_welcome_email_payload(c);
	const struct user	*user = users_service_get_by_id(c, in->id);

	if (user == NULL)
		return;
	mail_send(c, &welcome_mail, MAIL_TO(user->email, user->email_verified),
	    CONTEXT(OURS("url", config.public_url)));
}

JOB(send_welcome_email, .payload = &user_ref_schema, .unique = "id",
    .attempts = 20, .backoff = 10, .backoff_max = 3600, .timeout = 60);
