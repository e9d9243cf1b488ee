/* SPDX-License-Identifier: ISC */
/* Writes the pages of links: plain HTML, which no script and no cache has. */

#include <string.h>

#include "http/respond.h"
#include "middleware/problem.h"
#include "modules/account/account.h"
#include "product.h"
#include "utils/form.h"
#include "wire/wire.h"

#define TOKEN_MAX	200	/* bytes; no token is as long */

/* assets/account */
extern const unsigned char	asset_account_message_html[];
extern const unsigned char	asset_account_page_html[];
extern const unsigned char	asset_account_problem_html[];

/* Allows only our own style, and forms that are sent to this server. */
static const char	policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

struct header	account_page_headers[] = {
	{ "content-type", "text/html; charset=utf-8",
	    &account_page_headers[1] },
	{ "content-security-policy", policy, &account_page_headers[2] },
	{ "x-frame-options", "DENY", &account_page_headers[3] }, /* old ones */
	{ "referrer-policy", "no-referrer", &account_page_headers[4] },
	{ "x-robots-tag", "noindex", NULL },
};

static const char *
fill(struct ctx *c, const unsigned char *template,
    const struct html_value *values)
{
	struct text	 t = arena_text(&c->arena);

	html_fill(&t, (const char *)template, values);
	if (t.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (t.data);
}

/* From a page below /account to the folder of the style. */
static const char *
up(const struct ctx *c)
{
	return (strchr(c->path + strlen("/account/"), '/') != NULL ? "../" :
	    "");
}

void
account_page_write(struct text *t, const struct ctx *c, const char *title,
    const char *content)
{
	html_fill(t, (const char *)asset_account_page_html, HTML_VALUES(
	    HTML_TEXT("title", title), HTML_TEXT("product", PRODUCT_TITLE),
	    HTML_TEXT("up", up(c)),
	    HTML_AS_IT_IS("content", content)));
}

void
account_page(struct ctx *c, int status, const char *title,
    const unsigned char *content, const struct html_value *values)
{
	struct text		 t = arena_text(&c->arena);
	const struct header	*h = account_page_headers;

	account_page_write(&t, c, title, fill(c, content, values));
	if (t.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	respond_body(c, status, h->value, t.data, t.len);
	while ((h = h->next) != NULL)
		respond_header(c, h->name, h->value);
}

const char *
account_page_problem(struct ctx *c, const char *problem)
{
	if (problem == NULL)
		return ("");
	return (fill(c, asset_account_problem_html, HTML_VALUES(
	    HTML_TEXT("problem", problem))));
}

const char *
account_page_token(struct ctx *c)
{
	char			*cursor = ctx_strdup(c, c->query);
	const char		*token = NULL;
	struct form_pair	 pair;
	int			 more;

	c->secret = true;
	while ((more = form_next(&cursor, &pair)) == 1) {
		if (strcmp(pair.name, "token") == 0)
			token = pair.value;
	}
	if (more == -1 || token == NULL || *token == '\0' ||
	    strlen(token) > TOKEN_MAX)
		return (NULL);
	return (token);
}

void
account_page_message(struct ctx *c, const char *title, const char *message)
{
	account_page(c, 200, title, asset_account_message_html, HTML_VALUES(
	    HTML_TEXT("message", message)));
}

bool
account_page_is_problem(const struct ctx *c)
{
	return (problem_is_wanted(&c->sent->head));
}

void
account_page_refuse(struct ctx *c, const char *message)
{
	if (account_page_is_problem(c))
		raise_error(c, &ERR_INVALID_TOKEN, "%s", message);
	account_page(c, 400, "This link does not work",
	    asset_account_problem_html, HTML_VALUES(HTML_TEXT("problem",
	    message)));
}

void
account_page_conflict(struct ctx *c, const char *title, const char *message)
{
	if (account_page_is_problem(c))
		raise_error(c, &ERR_CONFLICT, "%s", message);
	account_page(c, 409, title, asset_account_problem_html,
	    HTML_VALUES(HTML_TEXT("problem", message)));
}
