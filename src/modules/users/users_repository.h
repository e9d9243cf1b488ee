/* SPDX-License-Identifier: ISC */
/* Users in the database. For src/modules/users only. */

#ifndef MODULES_USERS_REPOSITORY_H
#define MODULES_USERS_REPOSITORY_H

#include "database/database.h"
#include "modules/users/users.h"

/* users_models.c */

extern const struct model	user_model;

/* users_repository.c */

struct user	*users_repository_find_by_email(struct ctx *,
		    const char *email) AWAITS;
struct user	*users_repository_find_by_id(struct ctx *, const char *id)
		    AWAITS;
struct user	*users_repository_find_signed_in(struct ctx *,
		    const char *user_id, const char *session_id) AWAITS;

/* Him, and the user with asked_id: up to two rows, none if he is not in. */
struct user	*users_repository_find_signed_in_and_asked(struct ctx *,
		    const char *user_id, const char *session_id,
		    const char *asked_id, size_t *n) AWAITS;

/* Up to limit rows of the page, and in *n how many. */
struct user	*users_repository_find_all(struct ctx *,
		    const struct user_filter *, const struct page *,
		    int64_t limit, size_t *n) AWAITS;
int64_t		 users_repository_count(struct ctx *,
		    const struct user_filter *) AWAITS;

/* What a list's order goes by, for the cursor. */
const char	*users_repository_sort_key(struct ctx *, const struct user *,
		    const struct page *);

/*
 * network is where the user is known to come from, NULL: nowhere. NULL when the
 * e-mail address is taken.
 */
struct user	*users_repository_create(struct ctx *,
		    const struct user_create *, const char *hashed_password,
		    const char *network) AWAITS;

/*
 * Writes what is set. NULL when there is no such user, or none of that version
 * (NULL: of any). Raises ERR_CONFLICT when the e-mail address is taken.
 */
struct user	*users_repository_update(struct ctx *, const char *id,
		    const struct user_update *, const char *version) AWAITS;

/* False when there is no such user, or none of that version. */
bool		 users_repository_delete(struct ctx *, const char *id,
		    const char *version) AWAITS;

/* The same for whoever is no active admin. */
bool		 users_repository_delete_unless_admin(struct ctx *,
		    const char *id, const char *version) AWAITS;

/* The active admins, who stay what they are until the transaction ends. */
struct user	*users_repository_lock_admins(struct ctx *, size_t *n) AWAITS;

/* *created is false when the e-mail address is taken. */
const char	*users_repository_create_admin(const char *email,
		    const char *hashed_password, bool *created);

/* Replaces a hash; false when it has changed meanwhile. */
bool		 users_repository_set_password(struct ctx *,
		    const struct user *, const char *hashed_password) AWAITS;

#endif
