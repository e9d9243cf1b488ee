/* SPDX-License-Identifier: ISC */
/* The settings of sessions. */

#include "config.h"
#include "product.h"

SETTINGS(sessions,
    {
	ENV("CONFIRM_SECONDS"), NUMBER(60, 86400),
	.number = &config.confirm_seconds,
	.fallback = "600",
	.meaning = "How long a sign-in, or a [confirmation](sessions.md"
	    "#confirmation) of the session, allows changes that last.",
    });
