/* SPDX-License-Identifier: ISC */
/* Sessions and attempts in the database. For src/modules/auth only. */

#ifndef MODULES_AUTH_REPOSITORY_H
#define MODULES_AUTH_REPOSITORY_H

#include "database/database.h"
#include "modules/auth/auth.h"

/* auth_models.c */

/* An attempt at an account, counted. */
struct attempt_count {
	bool	known;		/* its user is known in this network */
};

extern const struct model	session_model, attempt_count_model;

/* auth_repository.c */

/*
 * Counts a failed attempt. NULL when `most` in a row have failed and this is
 * no network that the user is known in.
 */
struct attempt_count	*auth_repository_count_attempt(struct ctx *,
			    const char *account, const char *user_id,
			    const char *network, int64_t most) AWAITS;

/* Of the networks that the user is known in, only this one may stay. */
void		 auth_repository_forget_networks(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/* A page of them, and in *n how many; current is the id of the one that asks */
struct session	*auth_repository_find_sessions(struct ctx *,
		    const struct user *, const char *current,
		    const struct page *, size_t *n) AWAITS;
int64_t		 auth_repository_count_sessions(struct ctx *,
		    const struct user *) AWAITS;

/* False when the user has no such session in force. */
bool		 auth_repository_revoke_session(struct ctx *,
		    const struct user *, const char *id) AWAITS;

/* All but the one with this id; NULL: all. */
void		 auth_repository_revoke_sessions(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/*
 * Also sets the count of failed attempts to zero, and remembers the network.
 * False when the user is gone, disabled or has another password meanwhile.
 */
bool		 auth_repository_create_session(struct ctx *, const char *id,
		    const struct user *, int64_t expires_at,
		    const char *network) AWAITS;

/* Deletes up to limit of those long over, and returns how many. */
int64_t		 auth_repository_purge_sessions(struct ctx *, int64_t limit)
		    AWAITS;

/* The same for failures at accounts that do not exist, and old networks. */
int64_t		 auth_repository_purge_failures(struct ctx *, int64_t limit)
		    AWAITS;
int64_t		 auth_repository_purge_networks(struct ctx *, int64_t limit)
		    AWAITS;

#endif
