/* SPDX-License-Identifier: ISC */
/* What the audit log says of users. */

#include "modules/audit/audit.h"
#include "modules/users/users_parts.h"

AUDIT_ACTION(user_created, "A user was created: registered, by an admin, or "
    "by `./keel create-admin`.");
AUDIT_ACTION(user_updated, "Members of a user were changed; `is_active` is "
    "false for a deactivated user.");
AUDIT_ACTION(user_deleted, "A user and all their data were deleted.");
AUDIT_ACTION(taken_email_registered,
    "Somebody tried to register with the address of a user, and was not told.");

void
users_audit_creation(struct ctx *c, const struct user *user)
{
	audit(c, user_created, .target_id = user->id,
	    CHANGES({ "role", NULL, user->role }));
}

void
users_audit_taken(struct ctx *c, const char *email)
{
	audit(c, taken_email_registered, CHANGES({ "email", NULL, email }));
}

void
users_audit_update(struct ctx *c, const struct user *before,
    const struct user *now)
{
	const struct audit_change	*changes;

	changes = audit_changes(c, &user_schema, before, now, NAMES("email",
	    "name", "locale", "role", "is_active", "email_verified"));
	if (changes != NULL)
		audit(c, user_updated, .target_id = now->id,
		    .changes = changes);
}

/* The address tells who it was: nothing else will. */
void
users_audit_deletion(struct ctx *c, const struct user *user)
{
	audit(c, user_deleted, .target_id = user->id,
	    CHANGES({ "email", user->email, NULL }));
}
