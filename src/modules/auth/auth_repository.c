/* SPDX-License-Identifier: ISC */
/* The queries on sessions and sign-in attempts. */

#include "config.h"
#include "modules/auth/auth_repository.h"
#include "utils/uuid.h"

QUERIES(refresh_tokens);
QUERIES(sessions);
QUERIES(sign_ins);

QUERY(refresh_tokens, find, refresh_token, hash, idle_seconds);
QUERY(refresh_tokens, rotate, none, hash, next_hash, client);
QUERY(refresh_tokens, count, total, hash);
QUERY(refresh_tokens, purge, none, limit);
QUERY(sessions, create, opened, id, user_id, client, expires_at,
    hashed_password, network, device, token_hash);
QUERY(sessions, limit, none, user_id, id, most, idle_seconds);
QUERY(sessions, is_confirmed, session_mark, id, seconds);
QUERY(sessions, confirm, none, user_id, id);
QUERY(sessions, revoke, none, user_id, id);
QUERY(sessions, revoke_by_token, session_owner, id, hash, ours);
QUERY(sessions, revoke_all, none, user_id, kept);
QUERY(sessions, end_of_email, account_help, email_key,
    record_id);
QUERY(sessions, store_uses, session_id, ids, clients, ages);
QUERY(sessions, purge, none, limit);
QUERY(sign_ins, count_attempt, attempt_count, account, user_id, network, most);
QUERY(sign_ins, forget_failures, failure_count, user_id);
QUERY(sign_ins, forget_failures_of_email, account_help, email_key,
    record_id);
QUERY(sign_ins, forget_networks, none, user_id, kept);
QUERY(sign_ins, purge_failures, none, limit);
QUERY(sign_ins, purge_networks, none, limit);

/* The seconds that a session may be idle. */
static const char *
idle(struct ctx *c)
{
	return (db_int(c, config.session_idle_seconds));
}

struct opened *
auth_repository_create_session(struct ctx *c, const struct user *user,
    const struct new_session *s)
{
	return (db_maybe_one(c, sessions_create, s->id, user->id, c->client,
	    db_time(c, s->expires_at), user->hashed_password, s->network,
	    s->device, s->token_hash));
}

int64_t
auth_repository_limit_sessions(struct ctx *c, const struct user *user,
    const char *id)
{
	return (db_exec(c, sessions_limit, user->id, id,
	    db_int(c, config.sessions_per_user), idle(c)));
}

struct refresh_token *
auth_repository_find_token(struct ctx *c, const char *hash)
{
	return (db_maybe_one(c, refresh_tokens_find, hash, idle(c)));
}

void
auth_repository_rotate_token(struct ctx *c, const char *hash,
    const char *next_hash)
{
	db_exec(c, refresh_tokens_rotate, hash, next_hash, c->client);
}

bool
auth_repository_token_exists(struct ctx *c, const char *hash)
{
	return (db_one(c, refresh_tokens_count, hash)->total > 0);
}

struct session_owner *
auth_repository_revoke_by_token(struct ctx *c, const char *session_id,
    const char *hash, bool ours)
{
	return (db_maybe_one(c, sessions_revoke_by_token, session_id, hash,
	    ours ? "true" : "false"));
}

struct attempt_count *
auth_repository_count_attempt(struct ctx *c, const char *account,
    const char *user_id, const char *network, int64_t most)
{
	return (db_maybe_one(c, sign_ins_count_attempt, account, user_id,
	    network, db_int(c, most)));
}

struct failure_count *
auth_repository_forget_failures(struct ctx *c, const struct user *user)
{
	return (db_maybe_one(c, sign_ins_forget_failures, user->id));
}

void
auth_repository_forget_networks(struct ctx *c, const struct user *user,
    const char *except)
{
	db_exec(c, sign_ins_forget_networks, user->id, except);
}

bool
auth_repository_is_confirmed(struct ctx *c, const char *id, unsigned seconds)
{
	const struct session_mark	*mark;

	mark = db_maybe_one(c, sessions_is_confirmed, id, db_int(c, seconds));
	return (mark != NULL && mark->confirmed);
}

bool
auth_repository_confirm_session(struct ctx *c, const struct user *user,
    const char *id)
{
	return (db_exec(c, sessions_confirm, user->id, id) == 1);
}

bool
auth_repository_revoke_session(struct ctx *c, const char *user_id,
    const char *id)
{
	return (db_exec(c, sessions_revoke, user_id, id) == 1);
}

int64_t
auth_repository_revoke_sessions(struct ctx *c, const struct user *user,
    const char *except)
{
	return (db_exec(c, sessions_revoke_all, user->id, except));
}

/* The id of the audit log's row. */
static bool
make_id(char id[static UUID_TEXT], const char **problem)
{
	if (uuid_v7(id))
		return (true);
	*problem = "no randomness";
	return (false);
}

struct account_help *
auth_repository_end_sessions_now(const char *email_key, size_t *n,
    const char **problem)
{
	char	 id[UUID_TEXT];

	if (!make_id(id, problem))
		return (NULL);
	return (db_many_now(sessions_end_of_email, n, problem, email_key, id));
}

struct account_help *
auth_repository_forget_failures_now(const char *email_key, size_t *n,
    const char **problem)
{
	char	 id[UUID_TEXT];

	if (!make_id(id, problem))
		return (NULL);
	return (db_many_now(sign_ins_forget_failures_of_email, n, problem,
	    email_key, id));
}

const struct session_id *
auth_repository_store_uses(struct ctx *c, const char *ids,
    const char *clients, const char *ages, size_t *n)
{
	return (db_many(c, sessions_store_uses, n, ids, clients, ages));
}

int64_t
auth_repository_purge_sessions(struct ctx *c, int64_t limit)
{
	return (db_exec(c, sessions_purge, db_int(c, limit)));
}

int64_t
auth_repository_purge_tokens(struct ctx *c, int64_t limit)
{
	return (db_exec(c, refresh_tokens_purge, db_int(c, limit)));
}

int64_t
auth_repository_purge_failures(struct ctx *c, int64_t limit)
{
	return (db_exec(c, sign_ins_purge_failures, db_int(c, limit)));
}

int64_t
auth_repository_purge_networks(struct ctx *c, int64_t limit)
{
	return (db_exec(c, sign_ins_purge_networks, db_int(c, limit)));
}
