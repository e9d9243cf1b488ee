/* SPDX-License-Identifier: ISC */
/* The setting of the language of mails. */

#include "config.h"
#include "mail/mail.h"
#include "product.h"
#include "utils/start_error.h"

static const char	*locale;

static const char	*use_locale(void);

SETTINGS(mail_language,
    {
	ENV("MAIL_LOCALE"), TEXT, .text = &locale, .then = use_locale,
	.fallback = "en",
	.values = "a folder of assets/mail, such as `en` or `es`",
	.meaning = "The language of mails to users who have no `locale`, or "
	    "one without [texts](jobs.md#languages).",
    });

static const char *
use_locale(void)
{
	const char	*problem = mail_default_init(locale);

	if (problem == NULL)
		return (NULL);
	return (start_error(ENV("MAIL_LOCALE") " '%.200s' %s", locale,
	    problem));
}
