/* SPDX-License-Identifier: ISC */
/* The endpoints of sign-in, sessions and passwords. */

#include "config.h"
#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "middleware/rate_limit.h"
#include "modules/auth/auth.h"

ROUTER(auth, "Sign in; manage sessions and the password.");

static void	show_sessions(struct ctx *, const struct user *) AWAITS;

RATE_LIMIT(token, 60, MINUTE, "Sign-ins from one address");

RATE_LIMIT(revoke, 60, MINUTE, "Revoked tokens from one address");

static void
create_token(struct ctx *c)
{
	const struct token_request	*in = token_request_form(c);

	token_respond(c, auth_service_grant(c, in));
}

static void
log_in(struct ctx *c)
{
	const struct login_request	*in = login_request_body(c);

	token_respond(c, auth_service_sign_in(c, in->username, in->password));
}

static void
confirm_session(struct ctx *c)
{
	const struct confirmation	*in = confirmation_body(c);

	auth_service_confirm(c, current_user(c), in);
	respond_empty(c, 204);
}

static void
change_password(struct ctx *c)
{
	const struct password_change	*in = password_change_body(c);

	auth_service_change_password(c, current_user(c), in);
	respond_empty(c, 204);
}

static void
show_sessions(struct ctx *c, const struct user *user)
{
	sessions_list_respond(c, user->id, c->session_id,
	    ctx_printf(c, "%u", config.session_idle_seconds));
}

static void
list_sessions(struct ctx *c)
{
	show_sessions(c, current_user(c));
}

static void
end_session(struct ctx *c)
{
	auth_service_end_session(c, current_user(c), path_param(c,
	    "session_id"));
	respond_empty(c, 204);
}

static void
end_sessions(struct ctx *c)
{
	auth_service_end_sessions(c, current_user(c),
	    query_param(c, "except") != NULL ? c->session_id : NULL);
	respond_empty(c, 204);
}

static void
revoke_token(struct ctx *c)
{
	auth_service_revoke(c, revocation_form(c)->token);
	respond_empty(c, 200);
}

static void
log_out(struct ctx *c)
{
	auth_service_log_out(c, current_user(c));
	respond_empty(c, 204);
}

static void
list_user_sessions(struct ctx *c)
{
	show_sessions(c, target_user(c));
}

static void
end_user_session(struct ctx *c)
{
	auth_service_end_session_of(c, target_user(c), path_param(c,
	    "session_id"));
	respond_empty(c, 204);
}

static void
end_user_sessions(struct ctx *c)
{
	auth_service_end_sessions_of(c, target_user(c));
	respond_empty(c, 204);
}

static void
unlock_user(struct ctx *c)
{
	auth_service_unlock(c, target_user(c));
	account_status_respond(c, &(struct user_status){ "unlocked" });
}

ROUTE(auth_token,
    POST(create_token, .limit = &token_limit, .auth = &public,
	.in = &token_request_schema, .form = true, .out = &token_schema,
	.errors = OAUTH, .any_query = true,
	.raises = RAISES(&invalid_request, &invalid_grant, &invalid_scope,
	    &unsupported_grant_type),
	.doc = "Sign in with the OAuth 2.0 password grant, or stay signed in "
	    "with a refresh token."));

ROUTE(auth_login,
    POST(log_in, .limit = &token_limit, .auth = &public,
	.in = &login_request_schema, .out = &token_schema, .errors = OAUTH,
	.raises = RAISES(&invalid_request, &invalid_grant),
	.doc = "Sign in with a JSON body."));

ROUTE(auth_revoke,
    POST(revoke_token, .limit = &revoke_limit, .auth = &public,
	.in = &revocation_schema, .form = true, .status = 200,
	.errors = OAUTH, .any_query = true,
	.raises = RAISES(&token_required),
	.doc = "End the session of a refresh token or an access token."));

ROUTE(auth_logout,
    POST(log_out, .auth = &signed_in, .status = 204,
	.doc = "Sign out: end the session of this request."));

ROUTE(auth_confirm,
    POST(confirm_session, .limit = &token_limit, .auth = &signed_in,
	.in = &confirmation_schema, .status = 204,
	.raises = RAISES(&ERR_TOO_MANY_REQUESTS),
	.doc = "Confirm your session with your password."));

ROUTE(auth_password,
    POST(change_password, .auth = &signed_in, .also = &recently_confirmed,
	.in = &password_change_schema, .status = 204,
	.raises = RAISES(&ERR_TOO_MANY_REQUESTS),
	.doc = "Change your password and end all your sessions."));

ROUTE(auth_sessions,
    PAGE_PARAMS,
    PARAM(except, "Do not end the session of this request."),
    GET(list_sessions, .auth = &signed_in, .out = &session_list_schema,
	.doc = "List your sessions, the latest first."),
    DELETE(end_sessions, .auth = &signed_in, .also = &recently_confirmed,
	.status = 204,
	.doc = "End all your sessions, or all except this one."));

ROUTE(auth_session,
    PATH(session_id, T_UUID),
    DELETE(end_session, .auth = &signed_in, .also = &recently_confirmed,
	.status = 204, .raises = RAISES(&ERR_NOT_FOUND),
	.doc = "End one of your sessions."));

ROUTE(auth_user_sessions,
    PATH(user_id, T_UUID), PAGE_PARAMS,
    GET(list_user_sessions, .auth = require_role("admin"),
	.out = &session_list_schema, .raises = RAISES(&ERR_NOT_FOUND),
	.doc = "List a user's sessions, the latest first."),
    DELETE(end_user_sessions, .auth = require_role("admin"),
	.also = &recently_confirmed, .status = 204,
	.raises = RAISES(&ERR_NOT_FOUND),
	.doc = "End all sessions of a user."));

ROUTE(auth_user_session,
    PATH(user_id, T_UUID), PATH(session_id, T_UUID),
    DELETE(end_user_session, .auth = require_role("admin"),
	.also = &recently_confirmed, .status = 204,
	.raises = RAISES(&ERR_NOT_FOUND),
	.doc = "End one session of a user."));

ROUTE(auth_unlock,
    PATH(user_id, T_UUID),
    POST(unlock_user, .auth = require_role("admin"),
	.also = &recently_confirmed, .out = &account_status_schema,
	.idempotent = true, .raises = RAISES(&ERR_NOT_FOUND),
	.doc = "Forgive the failed sign-ins in a row at a user's account."));
