/* SPDX-License-Identifier: ISC */
/*
 * Notices: jobs that tell users what happened to their account. src/modules/
 * account sends the mails.
 */

#include "modules/users/users_parts.h"
#include "utils/user_agent.h"

static const struct member	notice_members[] = {
	MEMBER(notice, id, T_UUID, OUT | REQUIRED),
	MEMBER(notice, email, T_STR, OUT | OPTIONAL),
	MEMBER(notice, verified, T_BOOL, OUT | REQUIRED),
	MEMBER(notice, from, T_STR, OUT | OPTIONAL),
	MEMBER(notice, to, T_STR, OUT | OPTIONAL),
	MEMBER(notice, client, T_STR, OUT | OPTIONAL),
	MEMBER(notice, device, T_STR, OUT | OPTIONAL),
};

SCHEMA(notice);
SCHEMA_LIKE(notice_taken, notice, .only = NAMES("email", "client", "device"));

void
users_notice_origin(struct ctx *c, struct notice *n)
{
	char	*device = ctx_alloc(c, DEVICE_TEXT);

	user_agent_device(c->user_agent, device);
	n->client = c->client;
	n->device = device;
}

void
users_notice_password(struct ctx *c, const struct user *user)
{
	struct notice	 n = { .id = user->id };

	users_notice_origin(c, &n);
	background(c, send_password_notice, &n);
}

void
users_notice_device(struct ctx *c, const struct user *user)
{
	struct notice	 n = { .id = user->id };

	users_notice_origin(c, &n);
	background(c, send_device_notice, &n);
}

void
users_notice_role(struct ctx *c, const struct user *before,
    const struct user *after)
{
	struct notice	 n = { .id = after->id, .from = before->role,
			    .to = after->role };

	background(c, send_role_notice, &n);
}

void
users_notice_email(struct ctx *c, const struct user *before,
    const struct user *after, bool by_admin)
{
	struct notice	 n = { .id = after->id, .email = before->email,
			    .verified = before->email_verified,
			    .to = after->email };

	if (!by_admin)
		users_notice_origin(c, &n);
	background(c, send_email_notice, &n);
}

void
users_notice_taken(struct ctx *c, const char *email)
{
	struct notice	 n = { .email = email };

	users_notice_origin(c, &n);
	background(c, send_taken_notice, &n);
}
