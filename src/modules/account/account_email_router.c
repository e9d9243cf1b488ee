/* SPDX-License-Identifier: ISC */
/* The endpoints and the pages that confirm or cancel a new e-mail address. */

#include "http/respond.h"
#include "http/routes.h"
#include "middleware/rate_limit.h"
#include "modules/account/account.h"

ROUTER(account, "Links in mails: a new password, a verified address.");

RATE_LIMIT(email_tokens, 60, MINUTE,
    "Links of changed e-mail addresses that one address tries");

/* assets/account */
extern const unsigned char	asset_account_email_html[];
extern const unsigned char	asset_account_email_cancel_html[];

#define CONFIRM_TITLE	"Confirm your new e-mail address"
#define CANCEL_TITLE	"Keep your e-mail address"
#define NOT_GOOD							\
	"It was used already, it has expired, or its change was "	\
	"cancelled or replaced. Ask for the change again."
#define TAKEN								\
	"Another account has this e-mail address. Yours was not changed."

static void	raise_invalid_token(struct ctx *) __attribute__((noreturn));

static void
raise_invalid_token(struct ctx *c)
{
	raise_error(c, &ERR_INVALID_TOKEN, "The link is used, expired or not "
	    "valid");
}

static void
confirm_email(struct ctx *c)
{
	const struct account_verify	*in = account_verify_body(c);

	switch (account_service_confirm_email(c, in)) {
	case EMAIL_NOT_GOOD:
		raise_invalid_token(c);
	case EMAIL_TAKEN:
		raise_error(c, &ERR_CONFLICT, "Email already registered");
	case EMAIL_DONE:
		break;
	}
	respond_empty(c, 204);
}

static void
cancel_email(struct ctx *c)
{
	if (!account_service_cancel_email(c, account_verify_body(c)))
		raise_invalid_token(c);
	respond_empty(c, 204);
}

/* GET asks nothing of the database: mail programs open links before people. */
static void
show(struct ctx *c, const char *title, const unsigned char *content)
{
	const char	*token = account_page_token(c);

	if (token == NULL)
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
	else
		account_page(c, 200, title, content, HTML_VALUES(
		    HTML_TEXT("token", token)));
}

static void
show_confirm(struct ctx *c)
{
	show(c, CONFIRM_TITLE, asset_account_email_html);
}

static void
show_cancel(struct ctx *c)
{
	show(c, CANCEL_TITLE, asset_account_email_cancel_html);
}

static void
submit_confirm(struct ctx *c)
{
	const struct account_verify	*in = account_verify_form_form(c);

	if (in->token == NULL) {
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
		return;
	}
	switch (account_service_confirm_email(c, in)) {
	case EMAIL_DONE:
		account_page_message(c, "Your e-mail address is changed",
		    "Sign in with the new address from now on.");
		break;
	case EMAIL_TAKEN:
		account_page_conflict(c, "Your e-mail address is not changed",
		    TAKEN);
		break;
	case EMAIL_NOT_GOOD:
		account_page_refuse(c, NOT_GOOD);
	}
}

static void
submit_cancel(struct ctx *c)
{
	const struct account_verify	*in = account_verify_form_form(c);

	if (in->token == NULL)
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
	else if (account_service_cancel_email(c, in))
		account_page_message(c, "Your e-mail address stays as it is",
		    "If it was not you who asked for another one, change your "
		    "password now: somebody else knows it.");
	else
		account_page_refuse(c, NOT_GOOD);
}

ROUTE(account_email_confirm,
    POST(confirm_email, .limit = &email_tokens_limit, .auth = &public,
	.in = &account_verify_schema, .status = 204,
	.raises = RAISES(&ERR_INVALID_TOKEN, &ERR_CONFLICT),
	.doc = "Confirm a new e-mail address by the token of a link."));

ROUTE(account_email_cancel,
    POST(cancel_email, .limit = &email_tokens_limit, .auth = &public,
	.in = &account_verify_schema, .status = 204,
	.raises = RAISES(&ERR_INVALID_TOKEN),
	.doc = "Cancel the change of an e-mail address by the token of a "
	    "link."));

ROUTE(account_email_page,
    GET(show_confirm, ACCOUNT_PAGE,
	.doc = "A form that confirms a new e-mail address."),
    POST(submit_confirm, ACCOUNT_PAGE,
	.limit = &email_tokens_limit, .in = &account_verify_form_schema,
	.form = true, .doc = "Send that form."));

ROUTE(account_email_cancel_page,
    GET(show_cancel, ACCOUNT_PAGE,
	.doc = "A form that cancels the change of an e-mail address."),
    POST(submit_cancel, ACCOUNT_PAGE,
	.limit = &email_tokens_limit, .in = &account_verify_form_schema,
	.form = true, .doc = "Send that form."));
