/* SPDX-License-Identifier: ISC */
/* The audit log: who changed what, who signed in, who was refused. */

#ifndef MODULES_AUDIT_H
#define MODULES_AUDIT_H

#include "base/register.h"
#include "database/list.h"
#include "http/schema_response.h"
#include "request/ctx.h"
#include "schema/schema.h"

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

#define AUDIT_ACTION(title, text)					\
	static const struct audit_action title##_action = {		\
		.name = #title, .doc = text				\
	};								\
	REGISTER(audit_actions, title##_action)

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
 * How two structs of a schema differ in these members, for .changes; NULL: they
 * do not. Raises ERR_INTERNAL for a name that is no member.
 */
const struct audit_change	*audit_changes(struct ctx *,
				    const struct schema *, const void *before,
				    const void *now,
				    const char *const *names);

/*
 * Records an action of this request or job in the open transaction, or at once
 * without one. Raises like every statement.
 */
#define audit(c, action, ...)						\
	audit_service_record(c, &action##_action,			\
	    &(const struct audit_entry){ __VA_ARGS__ })

void	audit_service_record(struct ctx *, const struct audit_action *,
	    const struct audit_entry *) AWAITS;

/* audit_models.c: what is recorded */

struct audit_record {
	const char	*id;
	int64_t		 created_at;
	const char	*action;
	const char	*actor_id;	/* these may be NULL */
	const char	*session_id;
	const char	*target_id;
	const char	*account;
	const char	*address;
	const char	*request_id;
	const char	*changes;	/* JSON */
};

/* A record for people: with the e-mail addresses of those who still exist. */
struct audit_line {
	const char	*id;
	int64_t		 created_at;
	const char	*action;
	const char	*actor_id;	/* these may be NULL */
	const char	*actor_email;
	const char	*session_id;
	const char	*target_id;
	const char	*target_email;
	const char	*account;
	const char	*address;
	const char	*request_id;
	const char	*changes;	/* JSON */
};

/* audit_models.c */

SCHEMA_RESPONSE(audit_record, audit_record);
LISTS(audit, list, audit_record, address, since, until);

SCHEMA_DECLARE(audit_line, audit_line);	/* for --json */

/* audit_service.c */

/*
 * For the command, blocking: the latest rows, the last at the end. Filters are
 * NULL, or texts that PostgreSQL can read; the user is the actor or the target.
 * On error returns NULL and sets *problem.
 */
const struct audit_line	*audit_service_latest_now(const char *limit,
			    const char *action, const char *user_id,
			    const char *since, size_t *n,
			    const char **problem);

/* Deletes the rows that are older than this. */
void	audit_service_purge(struct ctx *, int64_t days) AWAITS;

/* audit_command.c */

/* What the command audit prints: the latest rows, the last at the end. */
struct audit_options {
	const char	*lines;		/* how many; NULL: 50 */
	const char	*action;	/* NULL: any; the same below */
	const char	*user_id;	/* the actor, or the target */
	const char	*since;		/* RFC 3339 */
	bool		 json;
};

/* In the parent, blocking. Returns NULL or an error message. */
const char	*audit_command(const struct audit_options *);

#endif
