/* SPDX-License-Identifier: ISC */
/* Sessions and attempts in the database. For src/modules/auth only. */

#ifndef MODULES_AUTH_REPOSITORY_H
#define MODULES_AUTH_REPOSITORY_H

#include "database/database.h"
#include "modules/auth/auth.h"

/* auth_models.c */

/* A session that a statement names. */
struct session_id {
	const char	*id;
};

SCHEMA_DECLARE(session_id, session_id);

/* The result of counting an attempt at an account. */
struct attempt_count {
	bool	known;		/* its user is known in this network */
};

/* A refresh token, as of now. */
struct refresh_token {
	const char	*user_id;
	int64_t		 expires_at;	/* of its session */
	bool		 used;
	bool		 late;		/* used so long ago that a retry of
					   that request is no explanation */
	bool		 active;	/* its session is, and its user */
};

struct session_owner {
	const char	*user_id;
};

/* How many attempts at an account have failed in a row. */
struct failure_count {
	int64_t	failures;
};

/* Whether a session has been confirmed recently. */
struct session_mark {
	bool	confirmed;
};

/* A session that was created. */
struct opened {
	bool	is_new;		/* its network was not known; others were */
};

SCHEMA_DECLARE(attempt_count, attempt_count);
SCHEMA_DECLARE(refresh_token, refresh_token);
SCHEMA_DECLARE(session_owner, session_owner);
SCHEMA_DECLARE(failure_count, failure_count);
SCHEMA_DECLARE(account_help, account_help);
SCHEMA_DECLARE(session_mark, session_mark);
SCHEMA_DECLARE(opened, opened);

/* auth_repository.c */

/*
 * Counts an attempt. NULL if `most` in a row have failed and the user is not
 * known in this network.
 */
struct attempt_count	*auth_repository_count_attempt(struct ctx *,
			    const char *account, const char *user_id,
			    const char *network, int64_t most) AWAITS;

/* Deletes the count of the user's account, and returns it; NULL: none. */
struct failure_count	*auth_repository_forget_failures(struct ctx *,
			    const struct user *) AWAITS;

/* Deletes the networks that the user is known in, except this one. */
void		 auth_repository_forget_networks(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/* Has this session been confirmed in the last seconds? */
bool		 auth_repository_is_confirmed(struct ctx *, const char *id,
		    unsigned seconds) AWAITS;

/*
 * Confirms this session, and sets the count of failed attempts to zero. False
 * if the user has no such active session.
 */
bool		 auth_repository_confirm_session(struct ctx *,
		    const struct user *, const char *id) AWAITS;

/* False if the user has no such active session. */
bool		 auth_repository_revoke_session(struct ctx *,
		    const char *user_id, const char *id) AWAITS;

/* Revokes all sessions except the one with this id (NULL: all): how many? */
int64_t		 auth_repository_revoke_sessions(struct ctx *,
		    const struct user *, const char *except) AWAITS;

/* A session to create. */
struct new_session {
	const char	*id;
	int64_t		 expires_at;
	const char	*network;
	const char	*device;	/* or NULL */
	const char	*token_hash;	/* of its first refresh token */
};

/*
 * Creates a session, sets the count of failed attempts to zero, and makes the
 * user known in the network. NULL if the user has meanwhile been deleted,
 * disabled or given another password.
 */
struct opened	*auth_repository_create_session(struct ctx *,
		    const struct user *, const struct new_session *) AWAITS;

/*
 * Ends the least recently used sessions beyond the limit, never the one with
 * this id; returns how many. In the transaction that created the session.
 */
int64_t		 auth_repository_limit_sessions(struct ctx *,
		    const struct user *, const char *id) AWAITS;

/*
 * Finds the token with this hash, and locks it and its session until the
 * transaction ends. NULL if there is none.
 */
struct refresh_token	*auth_repository_find_token(struct ctx *,
			    const char *hash) AWAITS;

/* Marks a token as used and adds its successor; the session was used now. */
void		 auth_repository_rotate_token(struct ctx *, const char *hash,
		    const char *next_hash) AWAITS;
bool		 auth_repository_token_exists(struct ctx *, const char *hash)
		    AWAITS;

/*
 * Ends an active session if one of its refresh tokens has this hash, or for a
 * token that is known to be ours. NULL if it ended none.
 */
struct session_owner	*auth_repository_revoke_by_token(struct ctx *,
			    const char *session_id, const char *hash,
			    bool ours) AWAITS;

/*
 * For commands: ends all sessions, or deletes the count of failed attempts, of
 * the user with that address. No row: nobody has it. On error, return NULL and
 * set *problem.
 */
struct account_help	*auth_repository_end_sessions_now(const char *email_key,
			    size_t *n, const char **problem);
struct account_help	*auth_repository_forget_failures_now(
			    const char *email_key, size_t *n,
			    const char **problem);

/*
 * Stores when and from where sessions were last used: arrays, as PostgreSQL
 * writes them, of ids, of addresses, and of how many milliseconds ago. Returns
 * the *n sessions that it could not store because others change them.
 */
const struct session_id	*auth_repository_store_uses(struct ctx *,
			    const char *ids, const char *clients,
			    const char *ages, size_t *n) AWAITS;

/* Deletes up to limit sessions that ended long ago; returns how many. */
int64_t		 auth_repository_purge_sessions(struct ctx *, int64_t limit)
		    AWAITS;

/* The same for used tokens, failures at unknown accounts and old networks. */
int64_t		 auth_repository_purge_tokens(struct ctx *, int64_t limit)
		    AWAITS;
int64_t		 auth_repository_purge_failures(struct ctx *, int64_t limit)
		    AWAITS;
int64_t		 auth_repository_purge_networks(struct ctx *, int64_t limit)
		    AWAITS;

#endif
