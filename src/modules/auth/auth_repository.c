/* SPDX-License-Identifier: ISC */
/* The queries on sessions and sign-in attempts. */

#include "modules/auth/auth_repository.h"

QUERIES(sessions);
QUERIES(sign_ins);

QUERY(sessions, create, opened);
QUERY(sessions, count, total);
QUERY(sessions, list, session);
QUERY(sessions, revoke, none);
QUERY(sessions, revoke_all, none);
QUERY(sessions, purge, none);
QUERY(sign_ins, count_attempt, attempt_count);
QUERY(sign_ins, forget_networks, none);
QUERY(sign_ins, purge_failures, none);
QUERY(sign_ins, purge_networks, none);

struct opened *
auth_repository_create_session(struct ctx *c, const char *id,
    const struct user *user, int64_t expires_at, const char *network)
{
	return (db_maybe_one(c, sessions_create, id, user->id, c->client,
	    db_time(c, expires_at), user->hashed_password, network));
}

struct attempt_count *
auth_repository_count_attempt(struct ctx *c, const char *account,
    const char *user_id, const char *network, int64_t most)
{
	return (db_maybe_one(c, sign_ins_count_attempt, account, user_id,
	    network, db_int(c, most)));
}

void
auth_repository_forget_networks(struct ctx *c, const struct user *user,
    const char *except)
{
	db_exec(c, sign_ins_forget_networks, user->id, except);
}

struct session *
auth_repository_find_sessions(struct ctx *c, const struct user *user,
    const char *current, const struct page *page, size_t *n)
{
	return (db_many(c, sessions_list, n, user->id, current,
	    db_int(c, page->limit), db_int(c, page->skip)));
}

int64_t
auth_repository_count_sessions(struct ctx *c, const struct user *user)
{
	return (db_one(c, sessions_count, user->id)->total);
}

bool
auth_repository_revoke_session(struct ctx *c, const struct user *user,
    const char *id)
{
	return (db_exec(c, sessions_revoke, user->id, id) == 1);
}

void
auth_repository_revoke_sessions(struct ctx *c, const struct user *user,
    const char *except)
{
	db_exec(c, sessions_revoke_all, user->id, except);
}

int64_t
auth_repository_purge_sessions(struct ctx *c, int64_t limit)
{
	return (db_exec(c, sessions_purge, db_int(c, limit)));
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
