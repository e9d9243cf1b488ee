/* SPDX-License-Identifier: ISC */
/* Notices: mails that tell users what happened to their account. */

#include "config.h"
#include "mail/mail.h"
#include "modules/users/users_repository.h"
#include "utils/timefmt.h"
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

static const struct member	notice_taken_members[] = {
	MEMBER(notice, email, T_STR, OUT | REQUIRED),
	MEMBER(notice, client, T_STR, OUT | OPTIONAL),
	MEMBER(notice, device, T_STR, OUT | OPTIONAL),
};

SCHEMA_OF(notice, notice);
SCHEMA_OF(notice_taken, notice);

NOTICE(notice_password, "by", "when", "url");
NOTICE(notice_device, "by", "when", "url");
NOTICE(notice_role, "by", "when", "url", "old_role", "new_role");
NOTICE(notice_email, "by", "when", "url", "new_email");
NOTICE(notice_taken, "by", "when", "url");

void
users_notice_origin(struct ctx *c, struct notice *n)
{
	char	*device = ctx_alloc(c, DEVICE_TEXT);

	user_agent_device(c->user_agent, device);
	n->client = c->client;
	n->device = device;
}

const char *
users_notice_by(struct ctx *c, const struct notice *n)
{
	if (n->client == NULL)
		return ("by an administrator");
	return (ctx_printf(c, "from %s, with %s", *n->client != '\0' ?
	    n->client : "an unknown address", n->device));
}

const char *
users_notice_when(struct ctx *c)
{
	char	*when = ctx_alloc(c, TIMEFMT_HTTP);

	timefmt_http(c->job->created_at, when);
	return (when);
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

static void
send_password_notice(struct ctx *c)
{
	const struct notice	*n = send_password_notice_payload(c);
	const struct user	*user = users_repository_find_by_id(c, n->id);

	if (user == NULL)
		return;
	mail_send(c, &notice_password_mail, MAIL_TO(user->email,
	    user->email_verified), CONTEXT(OURS("by", users_notice_by(c, n)),
	    OURS("when", users_notice_when(c)),
	    OURS("url", config.public_url)));
}

static void
send_device_notice(struct ctx *c)
{
	const struct notice	*n = send_device_notice_payload(c);
	const struct user	*user = users_repository_find_by_id(c, n->id);

	if (user == NULL)
		return;
	mail_send(c, &notice_device_mail, MAIL_TO(user->email,
	    user->email_verified), CONTEXT(OURS("by", users_notice_by(c, n)),
	    OURS("when", users_notice_when(c)),
	    OURS("url", config.public_url)));
}

static void
send_role_notice(struct ctx *c)
{
	const struct notice	*n = send_role_notice_payload(c);
	const struct user	*user = users_repository_find_by_id(c, n->id);

	if (user == NULL)
		return;
	mail_send(c, &notice_role_mail, MAIL_TO(user->email,
	    user->email_verified), CONTEXT(OURS("by", users_notice_by(c, n)),
	    OURS("when", users_notice_when(c)),
	    OURS("url", config.public_url), OURS("old_role", n->from),
	    OURS("new_role", n->to)));
}

/* To the old address. A stranger's does not get the user's words. */
static void
send_email_notice(struct ctx *c)
{
	const struct notice	*n = send_email_notice_payload(c);
	struct mail_value	 to = FROM_USER("new_email", n->to);

	if (users_repository_find_by_id(c, n->id) == NULL)
		return;
	if (!n->verified)
		to = (struct mail_value)OURS("new_email", "another address");
	mail_send(c, &notice_email_mail, MAIL_TO(n->email, n->verified),
	    CONTEXT(OURS("by", users_notice_by(c, n)),
	    OURS("when", users_notice_when(c)),
	    OURS("url", config.public_url), to));
}

void
users_notice_send_taken(struct ctx *c, const struct user *owner,
    const struct notice *n)
{
	mail_send(c, &notice_taken_mail, MAIL_TO(owner->email,
	    owner->email_verified), CONTEXT(OURS("by", users_notice_by(c, n)),
	    OURS("when", users_notice_when(c)),
	    OURS("url", config.public_url)));
}

static void
send_taken_notice(struct ctx *c)
{
	const struct notice	*n = send_taken_notice_payload(c);
	const struct user	*owner;

	owner = users_repository_find_by_email(c, n->email);
	if (owner != NULL)
		users_notice_send_taken(c, owner, n);
}

#define MAIL_ATTEMPTS	.attempts = 20, .backoff = 10, .backoff_max = 3600, \
			.timeout = 60

JOB(send_password_notice, .payload = &notice_schema, MAIL_ATTEMPTS);
JOB(send_device_notice, .payload = &notice_schema, MAIL_ATTEMPTS);
JOB(send_role_notice, .payload = &notice_schema, MAIL_ATTEMPTS);
JOB(send_email_notice, .payload = &notice_schema, MAIL_ATTEMPTS);
JOB(send_taken_notice, .payload = &notice_taken_schema, MAIL_ATTEMPTS);
