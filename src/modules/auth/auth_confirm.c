/* SPDX-License-Identifier: ISC */
/* Confirms a session: its user has just proved that they know the password. */

#include "config.h"
#include "middleware/middleware.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth_parts.h"
#include "modules/auth/auth_repository.h"

AUDIT_ACTION(session_confirmed, "A user confirmed a session.");
AUDIT_ACTION(confirmation_refused,
    "A user did not know the password, and a session was not confirmed.");

static void	check_password(struct ctx *, const struct user *,
		    const char *) AWAITS;

void
auth_raise_incorrect(struct ctx *c)
{
	raise_invalid(c, "body.current_password", "incorrect",
	    "Is not the current password");
}

static void
check_password(struct ctx *c, const struct user *user, const char *password)
{
	struct user	 checked = *user;	/* its hash may be replaced */
	struct attempt	*attempt;

	attempt = auth_attempt_password(c, user);
	if (users_service_verify_password(c, &checked, password))
		return;
	auth_attempt_failed(attempt);
	audit(c, confirmation_refused, .target_id = user->id);
	auth_raise_incorrect(c);
}

void
auth_service_confirm(struct ctx *c, const struct user *user,
    const struct confirmation *in)
{
	check_password(c, user, in->current_password);
	db_begin(c);
	if (!auth_repository_confirm_session(c, user, c->session_id))
		auth_raise(c);		/* it has ended meanwhile */
	audit(c, session_confirmed, .target_id = user->id);
	db_commit(c);
}

bool
auth_service_is_confirmed(struct ctx *c)
{
	return (auth_repository_is_confirmed(c, c->session_id,
	    config.confirm_seconds));
}
