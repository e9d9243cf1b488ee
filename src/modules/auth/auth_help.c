/* SPDX-License-Identifier: ISC */
/* What an admin does for a user: ends their sessions, unlocks their account. */

#include "modules/audit/audit.h"
#include "modules/auth/auth_repository.h"

AUDIT_ACTION(sessions_ended_by_admin, "An admin, or `./keel end-sessions`, "
    "ended all sessions of a user, or the one in `session`.");
AUDIT_ACTION(account_unlocked, "An admin, or `./keel unlock`, forgot the "
    "failed sign-ins of a user.");

void
auth_service_end_session_of(struct ctx *c, const struct user *user,
    const char *id)
{
	db_begin(c);
	if (!auth_repository_revoke_session(c, user->id, id))
		raise_error(c, &ERR_NOT_FOUND, "Session not found");
	audit(c, sessions_ended_by_admin, .target_id = user->id,
	    CHANGES({ "session", id, NULL }));
	db_commit(c);
}

void
auth_service_end_sessions_of(struct ctx *c, const struct user *user)
{
	db_begin(c);
	if (auth_repository_revoke_sessions(c, user, NULL) > 0)
		audit(c, sessions_ended_by_admin, .target_id = user->id);
	db_commit(c);
}

void
auth_service_unlock(struct ctx *c, const struct user *user)
{
	const struct failure_count	*count;

	db_begin(c);
	count = auth_repository_forget_failures(c, user);
	if (count != NULL)
		audit(c, account_unlocked, .target_id = user->id,
		    CHANGES({ "failures", db_int(c, count->failures), NULL }));
	db_commit(c);
}

const struct account_help *
auth_service_end_sessions_now(const char *email_key, size_t *n,
    const char **problem)
{
	return (auth_repository_end_sessions_now(email_key, n, problem));
}

const struct account_help *
auth_service_unlock_now(const char *email_key, size_t *n, const char **problem)
{
	return (auth_repository_forget_failures_now(email_key, n, problem));
}
