/* SPDX-License-Identifier: ISC */
/* The settings of users. */

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "modules/users/users.h"
#include "product.h"
#include "utils/password_list.h"

struct users_settings	users_settings;

_Static_assert(TAKEN_TOLD == 0 && TAKEN_HIDDEN == 1,
    "the choices of TAKEN_EMAILS are not enum taken_emails");

static const char	*password_list;

static const char	*use_password_list(void);

SETTINGS(accounts,
    {
	ENV("TAKEN_EMAILS"), CHOICE("told", "hidden"),
	.number = &users_settings.taken_emails,
	.fallback = "told",
	.meaning = "Whether a registration, or a change of the e-mail "
	    "address, tells that an address is taken: 409; or [hides it]"
	    "(accounts.md#who-may-know-about-an-account): always 202, and "
	    "nobody signs in with an address that is not verified.",
    },
    {
	ENV("PASSWORD_LIST"), TEXT, .text = &password_list,
	.then = use_password_list,
	.unset = "unset: none",
	.values = "a file of Pwned Passwords: the SHA-1 edition, ordered by "
	    "hash",
	.meaning = "Leaked passwords, which no password may be [set to]"
	    "(endpoints.md#leaked-passwords).",
    });

/* A runner of jobs sets no passwords. */
static const char *
use_password_list(void)
{
	const char	*command = getenv(ENV("COMMAND"));

	if (password_list == NULL ||
	    (command != NULL && strcmp(command, "jobs") == 0))
		return (NULL);
	return (password_list_open(ENV("PASSWORD_LIST"), password_list));
}
