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
    },
    {
	ENV("SESSION_SECONDS"), NUMBER(900, 315360000),
	.number = &config.session_seconds,
	.fallback = "2592000",
	.meaning = "How long a session lasts, however much it is used. Then "
	    "its user signs in again.",
    },
    {
	ENV("SESSION_IDLE_SECONDS"), NUMBER(900, 315360000),
	.number = &config.session_idle_seconds,
	.fallback = "1209600",
	.meaning = "How long a session may be unused before it ends.",
    },
    {
	ENV("SESSIONS_PER_USER"), NUMBER(1, 1000),
	.number = &config.sessions_per_user,
	.fallback = "50",
	.meaning = "The most sessions of one user. A sign-in beyond that ends "
	    "the one that was not used for the longest time.",
    });
