/* SPDX-License-Identifier: ISC */
/* The settings of links in mails. */

#include <string.h>

#include "config.h"
#include "modules/account/account.h"
#include "product.h"
#include "utils/start_error.h"
#include "utils/web_url.h"

#define FRONTEND_URL_MAX	200	/* bytes */

struct account_settings	account_settings;

static const char	*check_frontend_url(void);

SETTINGS(links,
    {
	ENV("FRONTEND_URL"), TEXT, .text = &account_settings.frontend_url,
	.then = check_frontend_url,
	.unset = "unset: the pages in " ENV("PUBLIC_URL") "/account",
	.values = "`https://app.example.org`, "
	    "`https://example.org/app/account`: up to 200 bytes, without a "
	    "slash at its end",
	.meaning = "Where links in mails lead: to `/verify`, `/reset`, "
	    "`/email` and `/email/cancel`, with `?token=...`, [below this URL]"
	    "(accounts.md#pages-of-your-own).",
    },
    {
	ENV("RESET_SECONDS"), NUMBER(60, 604800),
	.number = &account_settings.reset_seconds,
	.fallback = "3600",
	.meaning = "How long a link to set a new password works.",
    },
    {
	ENV("VERIFY_SECONDS"), NUMBER(60, 2592000),
	.number = &account_settings.verify_seconds,
	.fallback = "172800",
	.meaning = "How long a link to verify an e-mail address works.",
    },
    {
	ENV("EMAIL_CHANGE_SECONDS"), NUMBER(60, 2592000),
	.number = &account_settings.email_seconds,
	.fallback = "86400",
	.meaning = "How long the links work that confirm a new e-mail address, "
	    "or cancel its change.",
    });

/* Tokens must not be read on the way, except to this machine. */
static const char *
check_frontend_url(void)
{
	const char	*url = account_settings.frontend_url, *problem;
	struct web_url	 parts;

	if (url == NULL)
		return (NULL);
	problem = web_url_problem(url);
	if (problem == NULL && strlen(url) > FRONTEND_URL_MAX)
		problem = "is longer than 200 bytes";
	if (problem == NULL && web_url_parse(url, &parts) && !parts.secure &&
	    !web_url_is_loopback(&parts))
		problem = "is http, which others can read: only this machine "
		    "may have that";
	if (problem != NULL)
		return (start_error(ENV("FRONTEND_URL") ": '%s' %s (it is a "
		    "URL like https://app.example.org)", url, problem));
	return (NULL);
}
