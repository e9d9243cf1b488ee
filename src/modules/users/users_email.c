/* SPDX-License-Identifier: ISC */
/* The change of one's own e-mail address, which the new address confirms. */

#include <string.h>

#include "modules/audit/audit.h"
#include "modules/users/users_repository.h"
#include "utils/email.h"

AUDIT_ACTION(email_change_asked, "A user asked for another e-mail address.");
AUDIT_ACTION(email_changed, "A user's new e-mail address was confirmed.");
AUDIT_ACTION(email_change_cancelled, "A change of the address was cancelled.");

static bool
is_only_email(const struct user_update *in)
{
	struct user_update	 rest = *in;

	UNSET(&rest, to.email);
	return (!ANY_SET(&rest));
}

/*
 * A form that sends every member as it is must not end a pending change.
 * Another spelling ends it: its links are bound to the old one.
 */
const char *
users_email_asked(const struct user *user, const struct user_update *in,
    struct user_update *change)
{
	const char	*asked = change->to.email;

	if (email_is_same(asked, user->email))
		return (user->pending_email != NULL && (is_only_email(in) ||
		    strcmp(asked, user->email) != 0) ? "" : NULL);
	UNSET(change, to.email);
	return (asked);
}

void
users_email_check(struct ctx *c, const struct user *user, const char *email)
{
	const struct user	*owner;

	if (users_settings.taken_emails == TAKEN_HIDDEN)
		return;
	owner = users_service_find_by_email(c, email);
	if (owner != NULL && strcmp(owner->id, user->id) != 0)
		raise_error(c, &ERR_CONFLICT, "Email already registered");
}

static AWAITS void
store_mails(struct ctx *c, const struct user *user, const char *email)
{
	struct notice	 n = { .id = user->id, .email = user->email,
			    .verified = user->email_verified, .to = email };

	users_notice_origin(c, &n);
	background(c, send_email_confirmation, &n);
	background(c, send_email_warning, &n);
}

struct user *
users_email_ask(struct ctx *c, const struct user *user, const char *email,
    const char *version)
{
	const char	*pending = *email != '\0' ? email : NULL;
	struct user	*written;

	written = users_repository_set_pending_email(c, user->id, pending,
	    version);
	if (written == NULL)
		return (NULL);
	if (pending == NULL) {
		audit(c, email_change_cancelled, .target_id = user->id,
		    CHANGES({ "pending_email", user->pending_email, NULL }));
		return (written);
	}
	store_mails(c, written, email);
	if (users_settings.taken_emails == TAKEN_HIDDEN)
		respond_accepted(c);
	audit(c, email_change_asked, .target_id = user->id,
	    CHANGES({ "pending_email", user->pending_email, email }));
	return (written);
}

bool
users_email_confirm(struct ctx *c, const char *id, const char *email)
{
	const struct user	*before = users_repository_find_by_id(c, id);
	const struct user	*after;

	after = users_repository_confirm_email(c, id, email,
	    users_service_email_key(c, email));
	if (before == NULL || after == NULL)
		return (false);
	users_notice_email(c, before, after, false);
	audit(c, email_changed, .actor_id = id, .target_id = id,
	    CHANGES({ "email", before->email, after->email },
	    { "email_verified", before->email_verified ? "true" : "false",
	    "true" }));
	return (true);
}

void
users_service_drop_pending_email(struct ctx *c, const struct user *user)
{
	users_repository_drop_pending_email(c, user->id);
}

void
users_email_cancel(struct ctx *c, const char *id)
{
	const struct user	*before = users_repository_find_by_id(c, id);

	if (before == NULL)
		return;
	users_repository_set_pending_email(c, id, NULL, NULL);
	audit(c, email_change_cancelled, .actor_id = id, .target_id = id,
	    CHANGES({ "pending_email", before->pending_email, NULL }));
}
