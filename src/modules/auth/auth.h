/* SPDX-License-Identifier: ISC */
/* Signing in and out: OAuth2 password flow, sessions, guesses of passwords. */

#ifndef MODULES_AUTH_H
#define MODULES_AUTH_H

#include "http/schema_response.h"
#include "modules/users/users.h"
#include "schema/schema.h"

#define ACCESS_TOKEN_SECONDS	900
#define SESSION_DAYS		30

/* auth_models.c */

/* A sign-in, as its user sees it. */
struct session {
	const char	*id;
	const char	*client;	/* the address it was made from */
	int64_t		 created_at;
	int64_t		 expires_at;
	bool		 current;	/* the one that asks */
};

/* auth_schemas.c: RFC 6749, 4.3.2 and 5.1 */

struct token_request {
	const char	*grant_type;
	const char	*username;
	const char	*password;
	const char	*scope;
};

struct token {
	const char	*access_token;
	const char	*token_type;
	int64_t		 expires_in;		/* seconds */
	const char	*scope;
};

struct password_change {
	const char	*current_password;
	const char	*new_password;
};

struct session_list {
	const struct session	*items;
	size_t			 items_count;
	PAGE_MEMBERS;
};

SCHEMA_FORM(token_request);
SCHEMA_BODY(password_change);
SCHEMA_RESPONSE(token, token);
SCHEMA_RESPONSE(session, session);
SCHEMA_RESPONSE(session_list, session_list);

/* auth_service.c */

/* RFC 6749, 5.2. */
extern const struct error_kind	invalid_request, invalid_grant,
				unsupported_grant_type;

/*
 * Signs a user in by password: a new session and its first access token.
 * Raises invalid_grant for an unknown address, a wrong password and a disabled
 * account alike, after the same time.
 */
struct token	*auth_service_sign_in(struct ctx *,
		    const struct token_request *) AWAITS;

/*
 * Gives the user another password, and ends every session of his: whoever
 * knew the old one is out. Raises 422 when the current one is wrong.
 */
void		 auth_service_change_password(struct ctx *,
		    const struct user *, const struct password_change *)
		    AWAITS;

/* A page of the user's sessions that are in force, the latest first. */
const struct session_list	*auth_service_get_sessions(struct ctx *,
				    const struct user *, const struct page *)
				    AWAITS;

/* Ends one session. Raises 404 when the user has none such in force. */
void		 auth_service_end_session(struct ctx *, const struct user *,
		    const char *id) AWAITS;

/* Ends them all, but for the one with this id; NULL: all. */
void		 auth_service_end_sessions(struct ctx *, const struct user *,
		    const char *except) AWAITS;

/* Deletes sessions, networks and failures at unknown accounts, long over. */
void		 auth_service_purge(struct ctx *) AWAITS;

/* auth_attempts.c */

struct attempt;

/*
 * Before a password is looked at: counts an attempt at an account, of this user
 * or, where user is NULL, of the address that nobody has. Each raises 429 when
 * too many have failed: at this account from this address or its network, from
 * these at any account, or in a row at this account, unless its user is known
 * in this network, by registering or signing in there. An attempt that is not
 * reported as failed does not count against the addresses; against the account
 * it counts until the right password or a new one sets the count to zero.
 */
struct attempt	*auth_attempt_sign_in(struct ctx *, const struct user *,
		    const char *username) AWAITS;
struct attempt	*auth_attempt_password(struct ctx *, const struct user *)
		    AWAITS;
void		 auth_attempt_failed(struct attempt *);

#endif
