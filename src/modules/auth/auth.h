/* SPDX-License-Identifier: ISC */
/* Sign-in: the OAuth2 password flow, sessions, limits on password guesses. */

#ifndef MODULES_AUTH_H
#define MODULES_AUTH_H

#include "http/schema_response.h"
#include "modules/users/users.h"
#include "schema/schema.h"

#define ACCESS_TOKEN_SECONDS	900	/* at most */
#define AUTH_CONFIRM_PATH	"/api/v1/auth/confirm"

/* auth_models.c */

/* A session, as its user sees it. */
struct session {
	const char	*id;
	const char	*device;	/* User-Agent at the sign-in; or NULL */
	const char	*client;	/* the address it was made from */
	const char	*last_client;	/* the address it was last used from */
	int64_t		 created_at;
	int64_t		 last_used_at;	/* auth_usage.c */
	int64_t		 expires_at;
	bool		 current;	/* the request's own */
};

/*
 * auth_schemas.c: RFC 6749, 4.3.2 and 5.1. No scope is known yet, so a token
 * never has one.
 */

struct token_request {
	const char	*grant_type;
	const char	*username;
	const char	*password;
	const char	*refresh_token;
	const char	*scope;
};

struct login_request {
	const char	*username;
	const char	*password;
};

struct token {
	const char	*access_token;
	const char	*token_type;
	int64_t		 expires_in;		/* seconds */
	const char	*refresh_token;
};

/* RFC 7009, 2.1. */
struct revocation {
	const char	*token;
	const char	*token_type_hint;
};

struct password_change {
	const char	*current_password;
	const char	*new_password;
};

struct confirmation {
	const char	*current_password;
};

/* What a command did for an account. */
struct account_help {
	const char	*email;
	int64_t		 count;	/* of sessions ended, or failures forgotten */
};

SCHEMA_FORM(token_request);
SCHEMA_FORM(revocation);
SCHEMA_BODY(login_request);
SCHEMA_BODY(password_change);
SCHEMA_BODY(confirmation);
SCHEMA_RESPONSE(token, token);
SCHEMA_RESPONSE(session, session);
LISTS(sessions, list, session, user_id, current, idle_seconds);
SCHEMA_RESPONSE(account_status, user_status);

/* auth_tokens.c */

/* RFC 6749, 5.2. */
extern const struct error_kind	invalid_request, invalid_grant, invalid_scope,
				unsupported_grant_type;

/* RFC 7009, 2.2.1. */
extern const struct error_kind	token_required;

/* auth_service.c */

/*
 * Signs a user in by password: creates a session and returns its tokens.
 * Raises invalid_request if one of them is empty or NULL. Raises the same
 * invalid_grant, after the same time, for an unknown address, a wrong password
 * and a disabled account. Raises 429 after too many attempts.
 */
struct token	*auth_service_sign_in(struct ctx *, const char *username,
		    const char *password) AWAITS;

/* The same, or auth_service_refresh(), after a check of the parameters. */
struct token	*auth_service_grant(struct ctx *,
		    const struct token_request *) AWAITS;

/*
 * Changes the user's password, and ends all their sessions, since somebody else
 * may have known the old password. Raises 422 if the current password is wrong,
 * 429 after too many wrong ones.
 */
void		 auth_service_change_password(struct ctx *,
		    const struct user *, const struct password_change *)
		    AWAITS;

/* Ends one session. Raises 404 if the user has no such active session. */
void		 auth_service_end_session(struct ctx *, const struct user *,
		    const char *id) AWAITS;

/* Ends all sessions except the one with this id; NULL: all. */
void		 auth_service_end_sessions(struct ctx *, const struct user *,
		    const char *except) AWAITS;

/* Ends the session of the request. */
void		 auth_service_log_out(struct ctx *, const struct user *)
		    AWAITS;

/*
 * In the open transaction, after a new password: ends all sessions of the user,
 * who is then known at most in this client's network. Somebody else may have
 * known the old password.
 */
void		 auth_service_begin_anew(struct ctx *,
		    const struct user *) AWAITS;

/*
 * Deletes the sessions that ended long ago, used refresh tokens, old failures
 * at unknown accounts and old networks.
 */
void		 auth_service_purge(struct ctx *) AWAITS;

/* auth_refresh.c */

/*
 * Replaces a refresh token by its successor, and returns that with a new access
 * token. For 10 seconds the old token gives the same successor again, for
 * clients that did not get the answer. After that, its use ends the session:
 * somebody else has the token. Raises the same invalid_grant for every token
 * that is not good.
 */
struct token	*auth_service_refresh(struct ctx *, const char *token) AWAITS;

/*
 * Ends the session of a refresh token or an access token. Does nothing for any
 * other text. Raises token_required if it is NULL.
 */
void		 auth_service_revoke(struct ctx *, const char *token) AWAITS;

/* auth_help.c: what an admin does for a user; the audit log has it. */

/* Ends all their sessions. */
void		 auth_service_end_sessions_of(struct ctx *,
		    const struct user *) AWAITS;

/* Ends one session. Raises 404 if the user has no such active session. */
void		 auth_service_end_session_of(struct ctx *,
		    const struct user *, const char *id) AWAITS;

/*
 * Forgets the failed attempts in a row at their account. The limits of
 * addresses stay; each ends within a minute.
 */
void		 auth_service_unlock(struct ctx *, const struct user *) AWAITS;

/*
 * The same two for commands, outside of any request: for the user with that
 * address. Return rows, and their number in *n (0: no such user); or NULL and
 * *problem, an error message.
 */
const struct account_help	*auth_service_end_sessions_now(
				    const char *email_key, size_t *n,
				    const char **problem);
const struct account_help	*auth_service_unlock_now(const char *email_key,
				    size_t *n, const char **problem);

/* auth_confirm.c */

/*
 * Confirms the request's session with the user's password. Raises 422 if that
 * is wrong, 429 after too many wrong ones.
 */
void		 auth_service_confirm(struct ctx *, const struct user *,
		    const struct confirmation *) AWAITS;

/*
 * Has the request's session been confirmed recently (CONFIRM_SECONDS), by a
 * sign-in or a confirmation? False without a session.
 */
bool		 auth_service_is_confirmed(struct ctx *) AWAITS;

/* Raises 422: the current password is wrong. */
void		 auth_raise_incorrect(struct ctx *) __attribute__((noreturn));

/* auth_attempts.c */

struct attempt;

/*
 * Call one of these before a password is checked. They count an attempt at the
 * account of this user or, if user is NULL, of the e-mail address `username`,
 * which no user has. They raise 429 if too many attempts have failed: at this
 * account from this address or its networks; at any account from there; or in a
 * row at this account, unless its user is known in this network, after
 * registering or signing in there. The limits of addresses count only attempts
 * that are reported with auth_attempt_failed(). The count in a row includes all
 * attempts; the right password or a new password sets it to zero.
 */
struct attempt	*auth_attempt_sign_in(struct ctx *, const struct user *,
		    const char *username) AWAITS;
struct attempt	*auth_attempt_password(struct ctx *, const struct user *)
		    AWAITS;
void		 auth_attempt_failed(struct attempt *);

/* The keyed hash of an e-mail address that no user has, else the user's id. */
const char	*auth_attempt_account(const struct attempt *);

/* auth_usage.c */

/*
 * Notes in this worker's memory that the signed-in request has used its
 * session, now and from its address. Waits for nothing and never fails.
 */
void		 auth_usage_note(const struct ctx *);

/*
 * At every tick of a worker: stores noted uses in the database, in a coroutine
 * of its own. The first use of a session is stored after about a second, and
 * later ones every 30 seconds. With what the statement leaves out (see
 * sessions.store_uses) a session's last_used_at is at most 45 seconds behind.
 *
 * While the database cannot store them, the notes stay, and it is tried again
 * after one second, then two, up to 30; only the first failure is logged. Notes
 * are lost if more wait for the database than the table holds, and when the
 * worker ends without auth_usage_flush(): those of the last 30 seconds at most.
 * now_ms is coro_now_ms().
 */
void		 auth_usage_tick(uint64_t now_ms);

/*
 * The same for all notes, now: when the server stops. Returns whether a
 * coroutine stores them.
 */
bool		 auth_usage_flush(uint64_t now_ms);

#endif
