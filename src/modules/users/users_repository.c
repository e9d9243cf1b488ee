/* SPDX-License-Identifier: ISC */
/* The queries on users (repository.py in a FastAPI project). */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "modules/users/users_repository.h"
#include "utils/uuid.h"

QUERIES(users);

QUERY(users, find_by_email, user);
QUERY(users, find_by_id, user);
QUERY(users, find_signed_in, user);
QUERY(users, find_signed_in_and_target, user);
QUERY(users, create, user);
QUERY(users, create_admin, none);
QUERY(users, set_role, role_change);
QUERY(users, update, user);
QUERY(users, lock, user);
QUERY(users, set_pending_email, user);
QUERY(users, confirm_email, user);
QUERY(users, drop_pending_email, none);
QUERY(users, delete, user);
QUERY(users, delete_unless_admin, user);
QUERY(users, lock_admins, user);
QUERY(users, set_password, none);
QUERY(users, reset_password, none);
QUERY(users, verify_email, none);
QUERY(users, count, total);
QUERY(users, list_by_created_at, user);
QUERY(users, list_by_created_at_desc, user);
QUERY(users, list_by_email, user);
QUERY(users, list_by_email_desc, user);
QUERY(users, list_by_name, user);
QUERY(users, list_by_name_desc, user);

static const struct page_order	orders[] = {
	{ "created_at", &users_list_by_created_at.query, "-infinity",
	    PAGE_FIRST_ID },
	{ "-created_at", &users_list_by_created_at_desc.query, "infinity",
	    PAGE_LAST_ID },
	{ "email", &users_list_by_email.query, "", PAGE_FIRST_ID },
	{ "-email", &users_list_by_email_desc.query, NULL, PAGE_LAST_ID },
	{ "name", &users_list_by_name.query, "", PAGE_FIRST_ID },
	{ "-name", &users_list_by_name_desc.query, NULL, PAGE_LAST_ID },
};

struct user *
users_repository_find_by_email(struct ctx *c, const char *email)
{
	return (db_maybe_one(c, users_find_by_email, email));
}

struct user *
users_repository_find_by_id(struct ctx *c, const char *id)
{
	return (db_maybe_one(c, users_find_by_id, id));
}

struct user *
users_repository_find_signed_in(struct ctx *c, const char *user_id,
    const char *session_id)
{
	return (db_maybe_one(c, users_find_signed_in, user_id, session_id));
}

struct user *
users_repository_find_signed_in_and_target(struct ctx *c, const char *user_id,
    const char *session_id, const char *target_id, size_t *n)
{
	return (db_many(c, users_find_signed_in_and_target, n, user_id,
	    session_id, target_id));
}

struct user *
users_repository_find_all(struct ctx *c, const struct user_filter *filter,
    const struct page *page, int64_t limit, size_t *n)
{
	struct page_order	 order = PAGE_ORDER(c, page, orders, "users");

	return (db_query_many(c, order.query, n, PARAMS(filter->role,
	    filter->is_active, filter->q, order.key, order.id,
	    db_int(c, limit), db_int(c, page->skip))));
}

const char *
users_repository_sort_key(struct ctx *c, const struct user *user,
    const struct page *page)
{
	const char	*column = page->sort + (*page->sort == '-');

	if (strcmp(column, "email") == 0)
		return (user->email);
	if (strcmp(column, "name") == 0)
		return (user->name);
	return (db_time(c, user->created_at));
}

int64_t
users_repository_count(struct ctx *c, const struct user_filter *filter)
{
	return (db_one(c, users_count, filter->role, filter->is_active,
	    filter->q)->total);
}

struct user *
users_repository_create(struct ctx *c, const struct user_create *in,
    const char *hashed_password, const char *network)
{
	return (db_maybe_one(c, users_create, db_uuid(c), in->user.email,
	    in->user.name, hashed_password, in->user.role, network));
}

/* A parameter that is NULL leaves its column unchanged. */
struct user *
users_repository_update(struct ctx *c, const char *id,
    const struct user_update *in, const char *version)
{
	const char	*active = in->to.is_active ? "true" : "false";
	const char	*verified = in->to.email_verified ? "true" : "false";

	return (db_maybe_one(c, users_update, id,
	    IS_SET(in, to.email) ? in->to.email : NULL,
	    IS_SET(in, to.name) ? in->to.name : NULL,
	    IS_SET(in, to.role) ? in->to.role : NULL,
	    IS_SET(in, to.is_active) ? active : NULL, version,
	    IS_SET(in, to.email_verified) ? verified : NULL));
}

struct user *
users_repository_lock(struct ctx *c, const char *id)
{
	return (db_maybe_one(c, users_lock, id));
}

struct user *
users_repository_set_pending_email(struct ctx *c, const char *id,
    const char *email, const char *version)
{
	return (db_maybe_one(c, users_set_pending_email, id, email, version));
}

struct user *
users_repository_confirm_email(struct ctx *c, const char *id,
    const char *email)
{
	return (db_maybe_one(c, users_confirm_email, id, email));
}

void
users_repository_drop_pending_email(struct ctx *c, const char *id)
{
	db_exec(c, users_drop_pending_email, id);
}

struct user *
users_repository_delete(struct ctx *c, const char *id, const char *version)
{
	return (db_maybe_one(c, users_delete, id, version));
}

struct user *
users_repository_delete_unless_admin(struct ctx *c, const char *id,
    const char *version)
{
	return (db_maybe_one(c, users_delete_unless_admin, id, version));
}

struct user *
users_repository_lock_admins(struct ctx *c, size_t *n)
{
	return (db_many(c, users_lock_admins, n));
}

bool
users_repository_set_password(struct ctx *c, const struct user *user,
    const char *hashed_password)
{
	return (db_exec(c, users_set_password, user->id,
	    user->hashed_password, hashed_password) == 1);
}

void
users_repository_reset_password(struct ctx *c, const struct user *user,
    const char *hashed_password, bool verified)
{
	db_exec(c, users_reset_password, user->id, hashed_password,
	    verified ? "true" : "false");
}

bool
users_repository_verify_email(struct ctx *c, const char *id)
{
	return (db_exec(c, users_verify_email, id) == 1);
}

const char *
users_repository_create_admin(const char *email, const char *hashed_password,
    bool *created)
{
	char		 id[UUID_TEXT], entry[UUID_TEXT];
	const char	*problem;
	int64_t		 rows = 0;

	if (!uuid_v7(id) || !uuid_v7(entry))
		return ("no randomness");
	problem = db_exec_now(users_create_admin, &rows, id, email,
	    hashed_password, entry);
	*created = rows == 1;
	return (problem);
}

struct user *
users_repository_list_now(const char *part, int64_t limit, size_t *n,
    const char **problem)
{
	char	 most[24];

	snprintf(most, sizeof(most), "%" PRId64, limit);
	return (db_many_now(users_list_by_email, n, problem, NULL, NULL, part,
	    "", PAGE_FIRST_ID, most, "0"));
}

struct role_change *
users_repository_set_role_now(const char *email, const char *role, size_t *n,
    const char **problem)
{
	char	 record_id[UUID_TEXT], job_id[UUID_TEXT];

	if (!uuid_v7(record_id) || !uuid_v7(job_id)) {
		*problem = "no randomness";
		return (NULL);
	}
	return (db_many_now(users_set_role, n, problem, email, role, record_id,
	    job_id));
}

struct user *
users_repository_find_now(const char *email, const char **problem)
{
	struct user	*user;
	size_t		 n = 0;

	user = db_many_now(users_find_by_email, &n, problem, email);
	return (n == 1 ? user : NULL);
}
