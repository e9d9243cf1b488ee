/* SPDX-License-Identifier: ISC */
/* What the files of users offer to each other. For src/modules/users only. */

#ifndef MODULES_USERS_PARTS_H
#define MODULES_USERS_PARTS_H

#include "modules/users/users.h"

/* users_audit.c */

/*
 * Each adds a row to the audit log, in the open transaction. users_audit_update
 * takes the user before and after, and adds none if they are the same.
 */
void	users_audit_creation(struct ctx *, const struct user *) AWAITS;
void	users_audit_update(struct ctx *, const struct user *before,
	    const struct user *now) AWAITS;
void	users_audit_deletion(struct ctx *, const struct user *) AWAITS;

/* Somebody was not told that a user has this address. */
void	users_audit_taken(struct ctx *, const char *email) AWAITS;

#endif
