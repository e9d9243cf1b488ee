/* SPDX-License-Identifier: ISC */
/* The settings of users. */

#include "config.h"
#include "modules/users/users.h"
#include "product.h"

struct users_settings	users_settings;

_Static_assert(TAKEN_TOLD == 0 && TAKEN_HIDDEN == 1,
    "the choices of TAKEN_EMAILS are not enum taken_emails");

SETTINGS(accounts,
    {
	ENV("TAKEN_EMAILS"), CHOICE("told", "hidden"),
	.number = &users_settings.taken_emails,
	.fallback = "told",
	.meaning = "Whether a registration, or a change of the e-mail "
	    "address, tells that an address is taken: 409; or [hides it]"
	    "(accounts.md#who-may-know-about-an-account): always 202, and "
	    "nobody signs in with an address that is not verified.",
    });
