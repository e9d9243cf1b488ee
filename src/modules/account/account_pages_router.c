/* SPDX-License-Identifier: ISC */
/* The pages that links in mails open, if there is no frontend. */

#include <string.h>

#include "http/respond.h"
#include "http/routes.h"
#include "middleware/rate_limit.h"
#include "modules/account/account.h"
#include "schema/validator.h"

ROUTER(account_pages, "The pages that links in mails open.");

RATE_LIMIT(account_pages, 60, MINUTE, "Forms of links that one address sends");

/* assets/account */
extern const unsigned char	asset_account_css[];
extern const unsigned char	asset_account_reset_html[];
extern const unsigned char	asset_account_verify_html[];

#define VERIFY_TITLE	"Verify your e-mail address"
#define RESET_TITLE	"Set a new password"

#define NOT_GOOD							\
	"It was used already, it has expired, or a newer one was used. Ask "  \
	"for another mail."

/*
 * GET asks nothing of the database: mail programs open links before people do.
 */
static void
show_verify(struct ctx *c)
{
	const char	*token = account_page_token(c);

	if (token == NULL) {
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
		return;
	}
	account_page(c, 200, VERIFY_TITLE, asset_account_verify_html,
	    HTML_VALUES(HTML_TEXT("token", token)));
}

static void
submit_verify(struct ctx *c)
{
	const struct account_verify	*in = account_verify_form_form(c);

	if (in->token == NULL)
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
	else if (account_service_verify(c, in))
		account_page_message(c, "Your e-mail address is verified",
		    "You can close this page.");
	else
		account_page_refuse(c, NOT_GOOD);
}

/* What the rule of kore.conf asks for, as far as it says so in words. */
static const char *
password_rule(struct ctx *c)
{
	struct rule_facts	 facts;

	rule_describe(rule_find("v_password"), &facts);
	if (facts.function == NULL)
		return ("");
	return (ctx_printf(c, "%u characters or more. %s", facts.function->min,
	    facts.function->doc));
}

/* The form for a new password; problem: what is wrong with the last one. */
static void
ask_password(struct ctx *c, const char *token, const char *problem)
{
	account_page(c, problem != NULL ? 422 : 200, RESET_TITLE,
	    asset_account_reset_html, HTML_VALUES(
	    HTML_TEXT("token", token),
	    HTML_TEXT("rule", password_rule(c)),
	    HTML_TEXT("invalid", problem != NULL ? "true" : "false"),
	    HTML_AS_IT_IS("problem", account_page_problem(c, problem))));
}

static void
show_reset(struct ctx *c)
{
	const char	*token = account_page_token(c);

	if (token == NULL)
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
	else
		ask_password(c, token, NULL);
}

/* All that is wrong with the password, by the rule of kore.conf; or NULL. */
static const char *
password_problem(struct ctx *c, const char *password)
{
	struct text	 t = arena_text(&c->arena);

	if (password == NULL)
		return ("Enter a new password.");
	rule_reasons(rule_find("v_password"), password, &t);
	if (t.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (t.data);
}

/* The same for a client that asks for a problem. */
static void
raise_password(struct ctx *c, const char *password)
{
	static const char	 field[] = "body.new_password";

	if (password == NULL)
		raise_invalid(c, field, "missing", "Is required");
	rule_check(c, rule_find("v_password"), field, password);
	raise_validation(c);
}

static void
submit_reset(struct ctx *c)
{
	const struct account_reset	*in = account_reset_form_form(c);
	const char			*problem;

	if (in->token == NULL) {
		account_page_refuse(c, ACCOUNT_INCOMPLETE);
		return;
	}
	if (account_page_is_problem(c))
		raise_password(c, in->new_password);
	if ((problem = password_problem(c, in->new_password)) != NULL)
		ask_password(c, in->token, problem);
	else if (account_service_reset(c, in))
		account_page_message(c, "Your new password is set",
		    "All devices have been signed out. Sign in with the new "
		    "password.");
	else
		account_page_refuse(c, NOT_GOOD);
}

static void
read_style(struct ctx *c)
{
	respond_header(c, "cache-control", "no-cache");
	respond_body(c, 200, "text/css; charset=utf-8",
	    (const char *)asset_account_css, strlen((const char *)
	    asset_account_css));
}

ROUTE(account_verify_page,
    GET(show_verify, ACCOUNT_PAGE,
	.doc = "A form that verifies an e-mail address."),
    POST(submit_verify, ACCOUNT_PAGE,
	.limit = &account_pages_limit, .in = &account_verify_form_schema,
	.form = true, .doc = "Send that form."));

ROUTE(account_reset_page,
    GET(show_reset, ACCOUNT_PAGE,
	.doc = "A form for a new password."),
    POST(submit_reset, ACCOUNT_PAGE,
	.limit = &account_pages_limit, .in = &account_reset_form_schema,
	.form = true, .doc = "Send that form."));

ROUTE(account_style,
    GET(read_style, .auth = &public, .raw = true, .hidden = true,
	.any_query = true,
	.doc = "The style of these pages."));
