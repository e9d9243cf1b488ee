/* SPDX-License-Identifier: ISC */
/* The endpoints for a forgotten password and for verifying an address. */

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "middleware/rate_limit.h"
#include "modules/account/account.h"

ROUTER(account, "Links in mails: a new password, a verified address.");

RATE_LIMIT(account_mails, 20, HOUR,
    "Mails with a link that one address asks for");

RATE_LIMIT(account_tokens, 60, MINUTE,
    "Tokens of links that one address tries");

static void
forgot_password(struct ctx *c)
{
	account_service_forgot(c, account_email_body(c));
	respond_empty(c, 202);
}

static void
resend_link(struct ctx *c)
{
	account_service_resend(c, account_email_body(c));
	respond_empty(c, 202);
}

static void
send_reset_link(struct ctx *c)
{
	account_service_send_reset(c, target_user(c));
	respond_empty(c, 202);
}

static void
finish(struct ctx *c, bool done)
{
	if (!done)
		raise_error(c, &ERR_INVALID_TOKEN, "The link is used, expired "
		    "or not valid");
	respond_empty(c, 204);
}

static void
reset_password(struct ctx *c)
{
	finish(c, account_service_reset(c, account_reset_body(c)));
}

static void
verify_email(struct ctx *c)
{
	finish(c, account_service_verify(c, account_verify_body(c)));
}

ROUTE(account_forgot,
    POST(forgot_password, .limit = &account_mails_limit, .auth = &public,
	.in = &account_email_schema, .status = 202,
	.doc = "Send a link to set a new password, if the address is a "
	    "user's."));

ROUTE(account_reset,
    POST(reset_password, .limit = &account_tokens_limit, .auth = &public,
	.in = &account_reset_schema, .status = 204,
	.raises = RAISES(&ERR_INVALID_TOKEN),
	.doc = "Set a new password by the token of a link; end all "
	    "sessions."));

ROUTE(account_verify,
    POST(verify_email, .limit = &account_tokens_limit, .auth = &public,
	.in = &account_verify_schema, .status = 204,
	.raises = RAISES(&ERR_INVALID_TOKEN),
	.doc = "Verify an e-mail address by the token of a link."));

ROUTE(account_resend,
    POST(resend_link, .limit = &account_mails_limit, .auth = &public,
	.in = &account_email_schema, .status = 202,
	.doc = "Send a link to verify an address, if it is a user's and not "
	    "verified."));

ROUTE(account_send_reset,
    PATH(user_id, T_UUID),
    POST(send_reset_link, .auth = require_role("admin"), .status = 202,
	.idempotent = true,
	.raises = RAISES(&ERR_NOT_FOUND, &ERR_CONFLICT),
	.doc = "Send a user a link to set a new password."));
