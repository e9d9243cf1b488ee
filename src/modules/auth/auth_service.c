/* SPDX-License-Identifier: ISC */
/* Sign-in: the password grant, sessions, access tokens. */

#include <string.h>

#include "config.h"
#include "middleware/middleware.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth_parts.h"
#include "modules/auth/auth_repository.h"
#include "utils/timefmt.h"
#include "utils/utf8.h"

#define SECOND	INT64_C(1000000)	/* microseconds */

#define DEVICE_MAX	255	/* characters, as in the table */
#define BATCH	1000	/* rows per statement, which has five seconds */

static struct token	*open_session(struct ctx *, const struct user *)
			    AWAITS;
static void		 refuse(struct ctx *, const struct user *,
			    const struct attempt *) AWAITS;

AUDIT_ACTION(sign_in, "A user signed in.");
AUDIT_ACTION(sign_in_refused, "Somebody was refused at sign-in.");
AUDIT_ACTION(password_changed, "A user changed their password, which ended "
    "all their sessions.");

/* What the client says it is; NULL if that is nothing, or no text. */
static const char *
device(struct ctx *c)
{
	const char	*text = c->user_agent;
	size_t		 len, n, end = 0;

	if (text == NULL || *text == '\0' ||
	    !utf8_valid(text, len = strlen(text)))
		return (NULL);
	for (n = 0; n < DEVICE_MAX && end < len; n++)
		end += utf8_sequence(text + end, len - end);
	return (ctx_strndup(c, text, end));
}

static struct token *
open_session(struct ctx *c, const struct user *user)
{
	const struct opened	*opened;
	struct token		*made;
	struct new_session	 session;
	const char		*token;
	int64_t			 ended;

	session.id = db_uuid(c);
	session.expires_at = timefmt_now() + config.session_seconds * SECOND;
	session.network = client_network(c);
	session.device = device(c);
	token = auth_tokens_first(c, session.id);
	session.token_hash = auth_tokens_hash(c, token);

	db_begin(c);
	opened = auth_repository_create_session(c, user, &session);
	if (opened == NULL) {
		c->error.retry = true;	/* the user has changed since */
		raise_error(c, &invalid_grant, "%s", invalid_grant.doc);
	}
	if (opened->is_new)
		users_notice_device(c, user);
	audit(c, sign_in, .actor_id = user->id, .session_id = session.id,
	    .target_id = user->id);
	ended = auth_repository_limit_sessions(c, user, session.id);
	if (ended > 0)
		auth_audit_ended(c, user->id, NULL, ended, "limit");
	made = auth_tokens_make(c, user->id, session.id, session.expires_at,
	    token);
	db_commit(c);
	c->user_id = user->id;
	return (made);
}

static void
require_both(struct ctx *c, const char *username, const char *password)
{
	if (username == NULL || *username == '\0' || password == NULL ||
	    *password == '\0')
		raise_error(c, &invalid_request, "%s", invalid_request.doc);
}

struct token *
auth_service_grant(struct ctx *c, const struct token_request *in)
{
	bool	 refresh = strcmp(in->grant_type, "refresh_token") == 0;

	if (!refresh && strcmp(in->grant_type, "password") != 0)
		raise_error(c, &unsupported_grant_type, "%s",
		    unsupported_grant_type.doc);
	if (!refresh)
		require_both(c, in->username, in->password);
	else if (in->refresh_token == NULL)
		raise_error(c, &invalid_request,
		    "The parameter refresh_token is required");
	if (in->scope != NULL)
		raise_error(c, &invalid_scope, "%s", invalid_scope.doc);
	return (refresh ? auth_service_refresh(c, in->refresh_token) :
	    auth_service_sign_in(c, in->username, in->password));
}

/*
 * Records the refusal with the same statement, whatever the reason is, so that
 * its time tells nothing. The reason stays in the log.
 */
static void
refuse(struct ctx *c, const struct user *user, const struct attempt *attempt)
{
	audit(c, sign_in_refused,
	    .target_id = user != NULL ? user->id : NULL,
	    .account = user != NULL ? NULL : auth_attempt_account(attempt),
	    CHANGES({ "reason", NULL, user == NULL ? "account" :
	    !user->is_active ? "inactive" :
	    !users_service_may_be_known(user) ? "unverified" : "password" }));
	raise_error(c, &invalid_grant, "%s", invalid_grant.doc);
}

struct token *
auth_service_sign_in(struct ctx *c, const char *username,
    const char *password)
{
	struct attempt	*attempt;
	struct user	*user, *known, *active;

	require_both(c, username, password);
	user = users_service_find_by_email(c, username);
	/* A registration must not begin another count. */
	known = user != NULL && users_service_may_be_known(user) ? user : NULL;
	attempt = auth_attempt_sign_in(c, known, username);
	active = user != NULL && users_service_may_sign_in(user) ?
	    user : NULL;
	if (!users_service_verify_password(c, active, password)) {
		auth_attempt_failed(attempt);
		refuse(c, user, attempt);
	}
	return (open_session(c, user));
}

void
auth_service_change_password(struct ctx *c, const struct user *user,
    const struct password_change *in)
{
	struct attempt	*attempt;
	const char	*hash;

	attempt = auth_attempt_password(c, user);
	if (!users_service_check_password(c, user, in->current_password)) {
		auth_attempt_failed(attempt);
		auth_raise_incorrect(c);
	}
	hash = users_service_hash_password(c, user, in->new_password,
	    "body.new_password");

	db_begin(c);
	if (!users_service_set_password(c, user, hash)) {
		c->error.retry = true;	/* the hash has changed since */
		auth_raise_incorrect(c);
	}
	auth_service_begin_anew(c, user);
	users_service_drop_pending_email(c, user);
	users_notice_password(c, user);
	audit(c, password_changed, .target_id = user->id);
	db_commit(c);
}

void
auth_service_end_session(struct ctx *c, const struct user *user,
    const char *id)
{
	db_begin(c);
	if (!auth_repository_revoke_session(c, user->id, id))
		raise_error(c, &ERR_NOT_FOUND, "Session not found");
	auth_audit_ended(c, user->id, id, 1, "one");
	db_commit(c);
}

void
auth_service_end_sessions(struct ctx *c, const struct user *user,
    const char *except)
{
	int64_t	 ended;

	db_begin(c);
	ended = auth_repository_revoke_sessions(c, user, except);
	if (ended > 0)
		auth_audit_ended(c, user->id, NULL, ended, "all");
	db_commit(c);
}

void
auth_service_log_out(struct ctx *c, const struct user *user)
{
	db_begin(c);
	if (auth_repository_revoke_session(c, user->id, c->session_id))
		auth_audit_ended(c, user->id, c->session_id, 1, "logout");
	db_commit(c);
}

void
auth_service_begin_anew(struct ctx *c, const struct user *user)
{
	auth_repository_revoke_sessions(c, user, NULL);
	auth_repository_forget_networks(c, user, client_network(c));
}

void
auth_service_purge(struct ctx *c)
{
	while (auth_repository_purge_sessions(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_tokens(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_failures(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_networks(c, BATCH) == BATCH)
		;
}
