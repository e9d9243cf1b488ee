/* SPDX-License-Identifier: ISC */
/* Sessions and attempts in the database. For src/modules/auth only. */

#ifndef MODULES_AUTH_REPOSITORY_H
#define MODULES_AUTH_REPOSITORY_H

#include "database/database.h"
#include "modules/auth/auth.h"

/* auth_models.c */

/* The result of counting an attempt at an account. */
struct attempt_count {
	bool	known;		/* its user is known in this network */
};

/* A session that was created. */
struct opened {
	bool	is_new;		/* its network was not known; others were */
};

extern const struct model	session_model, attempt_count_model,
				opened_model;

/* auth_repository.c */

/*
 * Counts an attempt. NULL if `most` in a row have failed and the user is not
 * known in this network.
 */
struct attempt_count	*auth_repository_count_attempt(struct ctx *,
			    const char *account, const char *user_id,
			    const char *network, int64_t most) AWAITS;

/* Deletes the networks that the user is known in, except this one. */
void		 auth_repository_forget_networks(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/* A page of sessions; *n is their number, current the request's session. */
struct session	*auth_repository_find_sessions(struct ctx *,
		    const struct user *, const char *current,
		    const struct page *, size_t *n) AWAITS;
int64_t		 auth_repository_count_sessions(struct ctx *,
		    const struct user *) AWAITS;

/* False if the user has no such active session. */
bool		 auth_repository_revoke_session(struct ctx *,
		    const struct user *, const char *id) AWAITS;

/* Revokes all sessions except the one with this id; NULL: all. */
void		 auth_repository_revoke_sessions(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/*
 * Creates a session, sets the count of failed attempts to zero, and makes the
 * user known in the network. NULL if the user has meanwhile been deleted,
 * disabled or given another password.
 */
struct opened	*auth_repository_create_session(struct ctx *, const char *id,
		    const struct user *, int64_t expires_at,
		    const char *network) AWAITS;

/* Deletes up to limit sessions that ended long ago; returns how many. */
int64_t		 auth_repository_purge_sessions(struct ctx *, int64_t limit)
		    AWAITS;

/* The same for failures at unknown accounts, and for old networks. */
int64_t		 auth_repository_purge_failures(struct ctx *, int64_t limit)
		    AWAITS;
int64_t		 auth_repository_purge_networks(struct ctx *, int64_t limit)
		    AWAITS;

#endif
