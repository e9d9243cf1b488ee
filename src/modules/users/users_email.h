/* SPDX-License-Identifier: ISC */
/* The change of one's own e-mail address, which the new address confirms. */

#ifndef MODULES_USERS_EMAIL_H
#define MODULES_USERS_EMAIL_H

#include "modules/users/users.h"
#include "modules/users/users_notices.h"

/*
 * A wish is an address that the user would like to have, "" when they keep
 * theirs, or NULL when the request says nothing about it. A user has one wish at
 * most, pending_email. It ends when its address confirms it, when the old one
 * cancels it, with another wish, with a new password, and when an administrator
 * changes the address.
 */

/* Is it the same address but for the case of ASCII letters? */
bool		 users_is_same_email(const char *, const char *);

/*
 * The user's wish in this change, which then changes no address. An address that
 * differs from theirs in case only is no wish: it is changed at once.
 */
const char	*users_email_wish(const struct user *, struct user_update *);

/*
 * Raises ERR_CONFLICT if somebody else has the address, and TAKEN_EMAILS lets
 * users know that.
 */
void		 users_email_check(struct ctx *, const struct user *,
		    const char *wish) AWAITS;

/*
 * In a transaction: notes the wish, and stores the jobs that ask the new address
 * and tell the old one. NULL if there is no user of that version (NULL: any).
 */
struct user	*users_email_ask(struct ctx *, const struct user *,
		    const char *wish, const char *version) AWAITS;

/*
 * In a transaction, for the address that confirms it: the wish becomes the
 * user's address. False if they do not wish this address. Raises ERR_CONFLICT
 * if somebody has it meanwhile.
 */
bool		 users_email_confirm(struct ctx *, const char *id,
		    const char *email) AWAITS;

/* In a transaction: the user keeps their address. */
void		 users_email_cancel(struct ctx *, const char *id) AWAITS;

/*
 * The jobs that send the links; src/modules/account has their handlers, since
 * it makes the tokens. The first goes to the new address, the second to the old
 * one.
 */
JOB_KIND(send_email_confirmation, notice);
JOB_KIND(send_email_warning, notice);

#endif
