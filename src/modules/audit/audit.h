/* SPDX-License-Identifier: ISC */
/* The audit log: who changed what, who signed in, who was refused. */

#ifndef MODULES_AUDIT_H
#define MODULES_AUDIT_H

#include "base/register.h"
#include "request/ctx.h"

/*
 * A file declares the actions that it records, and records each in the
 * transaction of the change. So there is never a change without its row, or a
 * row without its change:
 *
 *	AUDIT_ACTION(user_updated, "A user was changed.");
 *	...
 *	audit(c, user_updated, .target_id = user->id,
 *	    CHANGES({ "role", before->role, after->role }));
 */
struct audit_action {
	const char	*name;
	const char	*doc;
};

#define AUDIT_ACTION(action, text)					\
	static const struct audit_action action##_action = {		\
		#action, text						\
	};								\
	REGISTER(audit_actions, action##_action)

/* NULL: it had no value before, or has none now. Never a secret. */
struct audit_change {
	const char	*member;
	const char	*from, *to;
};

struct audit_entry {
	const char	*actor_id;	/* NULL: the signed-in user, if any */
	const char	*session_id;	/* NULL: the request's, if any */
	const char	*target_id;	/* what it was done to; NULL: nothing */
	const char	*account;	/* instead: a keyed hash */

	/* Ends with a NULL member. From a value to the same is no change. */
	const struct audit_change	*changes;
};

#define CHANGES(...)							\
	.changes = (const struct audit_change[]){ __VA_ARGS__, { NULL } }

/* audit_service.c */

/*
 * Records an action of this request or job in the open transaction, or at once
 * without one. Raises like every statement.
 */
#define audit(c, action, ...)						\
	audit_service_record(c, &action##_action,			\
	    &(const struct audit_entry){ __VA_ARGS__ })

void	audit_service_record(struct ctx *, const struct audit_action *,
	    const struct audit_entry *) AWAITS;

#endif
