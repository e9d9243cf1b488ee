/* SPDX-License-Identifier: ISC */
/* Users in the database. For src/modules/users only. */

#ifndef MODULES_USERS_REPOSITORY_H
#define MODULES_USERS_REPOSITORY_H

#include "database/database.h"
#include "modules/users/users.h"

/* users_models.c */

SCHEMA_DECLARE(role_change, role_change);

/* users_repository.c */

struct user	*users_repository_find_by_email(struct ctx *,
		    const char *email) AWAITS;
struct user	*users_repository_find_by_id(struct ctx *, const char *id)
		    AWAITS;
struct user	*users_repository_find_signed_in(struct ctx *,
		    const char *user_id, const char *session_id) AWAITS;

/*
 * The signed-in user and the user with target_id: up to two rows; none if
 * user_id is not signed in.
 */
struct user	*users_repository_find_signed_in_and_target(struct ctx *,
		    const char *user_id, const char *session_id,
		    const char *target_id, size_t *n) AWAITS;

/* Up to limit rows of the page; *n is their number. */
struct user	*users_repository_find_all(struct ctx *,
		    const struct user_filter *, const struct page *,
		    int64_t limit, size_t *n) AWAITS;
int64_t		 users_repository_count(struct ctx *,
		    const struct user_filter *) AWAITS;

/* A row's sort key, for the cursor. */
const char	*users_repository_sort_key(struct ctx *, const struct user *,
		    const struct page *);

/*
 * Creates a user who is known in this network (NULL: in none). NULL if the
 * e-mail address is taken.
 */
struct user	*users_repository_create(struct ctx *,
		    const struct user_create *, const char *hashed_password,
		    const char *network) AWAITS;

/*
 * Changes the members that are set. NULL if there is no such user of that
 * version (NULL: any version). Raises ERR_CONFLICT if the e-mail address is
 * taken.
 */
struct user	*users_repository_update(struct ctx *, const char *id,
		    const struct user_update *, const char *version) AWAITS;

/*
 * The user as they are now, locked until the transaction ends; NULL if there is
 * none.
 */
struct user	*users_repository_lock(struct ctx *, const char *id) AWAITS;

/*
 * Stores the address that waits for its confirmation; NULL: none does. NULL if
 * there is no such user of that version (NULL: any).
 */
struct user	*users_repository_set_pending_email(struct ctx *,
		    const char *id, const char *email, const char *version)
		    AWAITS;

/*
 * The pending address becomes the user's. NULL if it is another one. Raises
 * ERR_CONFLICT if another user has it.
 */
struct user	*users_repository_confirm_email(struct ctx *, const char *id,
		    const char *email) AWAITS;

/* No address is pending any more. */
void		 users_repository_drop_pending_email(struct ctx *,
		    const char *id) AWAITS;

/*
 * Returns the deleted user; NULL if there is no such user of that version
 * (NULL: any).
 */
struct user	*users_repository_delete(struct ctx *, const char *id,
		    const char *version) AWAITS;

/* The same, but only if the user is not an active admin. */
struct user	*users_repository_delete_unless_admin(struct ctx *,
		    const char *id, const char *version) AWAITS;

/* Locks the active admins until the transaction ends; *n is their number. */
struct user	*users_repository_lock_admins(struct ctx *, size_t *n) AWAITS;

/*
 * Creates an admin, and their row in the audit log. *created is false if the
 * e-mail address is taken. Returns NULL or an error message.
 */
const char	*users_repository_create_admin(const char *email,
		    const char *hashed_password, bool *created);

/*
 * Up to limit users, by address, whose name or address contains part (NULL:
 * all). On error, returns NULL and sets *problem.
 */
struct user	*users_repository_list_now(const char *part, int64_t limit,
		    size_t *n, const char **problem);

/* No row if nobody has the address. Errors are those of the list. */
struct role_change	*users_repository_set_role_now(const char *email,
			    const char *role, size_t *n,
			    const char **problem);

/* Blocking: NULL if there is none; or on error, and *problem is set. */
struct user	*users_repository_find_now(const char *email,
		    const char **problem);

/* Replaces the password's hash; false if it has changed meanwhile. */
bool		 users_repository_set_password(struct ctx *,
		    const struct user *, const char *hashed_password) AWAITS;

/* The same, whatever it was; with verified, the address is verified, too. */
void		 users_repository_reset_password(struct ctx *,
		    const struct user *, const char *hashed_password,
		    bool verified) AWAITS;

/* False if the address is verified already. */
bool		 users_repository_verify_email(struct ctx *, const char *id)
		    AWAITS;

#endif
