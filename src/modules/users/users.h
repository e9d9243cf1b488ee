/* SPDX-License-Identifier: ISC */
/* Users: register, read, change, delete, list. */

#ifndef MODULES_USERS_H
#define MODULES_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/page.h"
#include "http/schema_response.h"
#include "jobs/jobs.h"
#include "schema/schema.h"

/* users_models.c */

struct user {
	const char	*id;
	const char	*email;
	const char	*name;
	const char	*hashed_password;
	const char	*role;
	bool		 is_active;
	bool		 email_verified;
	int64_t		 version;
	int64_t		 created_at;
	int64_t		 updated_at;
};

/* users_schemas.c */

struct user_create {
	const char	*email;
	const char	*name;
	const char	*password;
	const char	*role;
};

/* What a PATCH or PUT changes: IS_SET() says whether a member was sent. */
struct user_update {
	const char		*email;
	const char		*name;
	const char		*role;
	bool			 is_active;
	bool			 email_verified;
	struct field_set	 set;
};

/* The filters of a list; NULL: no filter. */
struct user_filter {
	const char	*role;
	const char	*is_active;	/* "true" or "false" */
	const char	*q;		/* part of the name or address */
};

struct user_list {
	const struct user	*items;
	size_t			 items_count;
	PAGE_MEMBERS;
};

struct user_cursor_list {
	const struct user	*items;
	size_t			 items_count;
	CURSOR_MEMBERS;
};

/* What became of a new role. */
struct role_change {
	const char	*email;
	const char	*role;		/* the one before */
	bool		 changed;
};

struct user_status {
	const char	*status;
};

SCHEMA_BODY(user_create);
SCHEMA_BODY_OF(user_update, user_update);
SCHEMA_BODY_OF(user_replace, user_update);	/* PUT: every member */
SCHEMA_BODY_OF(user_update_me, user_update);	/* name and address */
SCHEMA_RESPONSE(user, user);			/* UserResponse */
SCHEMA_RESPONSE(user_list, user_list);		/* UserListResponse */
SCHEMA_RESPONSE(user_cursor_list, user_cursor_list);
SCHEMA_RESPONSE(user_status, user_status);

/* users_service.c */

/*
 * Registers a user and enqueues the welcome mail, in one transaction. actor is
 * the signed-in user, or NULL. Raises ERR_FORBIDDEN if the role is not user and
 * the actor is no admin, ERR_CONFLICT if the e-mail address is taken.
 */
struct user	*users_service_create(struct ctx *,
		    const struct user_create *, const struct user *actor)
		    AWAITS;

/* A page of the users who match the filter, and their total. */
const struct user_list	*users_service_get_all(struct ctx *,
			    const struct user_filter *, const struct page *)
			    AWAITS;

/* The same, by cursor. */
const struct user_cursor_list	*users_service_get_after(struct ctx *,
				    const struct user_filter *,
				    const struct page *) AWAITS;

/* The user with this id; NULL if there is none. */
struct user	*users_service_get_by_id(struct ctx *, const char *id) AWAITS;

/*
 * Changes the members that `in` has set, and returns the changed user; version
 * is the result of user_precondition(). A new address is not verified, unless
 * `in` says that it is. Raises ERR_FORBIDDEN if the actor is no admin, or no
 * longer one, and role, is_active or email_verified change; ERR_CONFLICT if the
 * e-mail address is taken, or if no active admin would be left;
 * ERR_PRECONDITION_FAILED if the user no longer has this version; ERR_NOT_FOUND
 * if they were deleted; 429 after too many changes of the e-mail address.
 */
const struct user	*users_service_update(struct ctx *,
			    const struct user *, const struct user_update *in,
			    const struct user *actor, const char *version)
			    AWAITS;

/*
 * Activates or deactivates the user; the latter ends their sessions. Raises the
 * same errors.
 */
const struct user	*users_service_set_active(struct ctx *,
			    const struct user *, bool active,
			    const struct user *actor, const char *version)
			    AWAITS;

/* Deletes the user and all their data. Raises the same errors. */
void		 users_service_delete(struct ctx *, const struct user *,
		    const struct user *actor, const char *version) AWAITS;

/*
 * The address in the form in which it is stored: NFC, its domain in lower case.
 * NULL if it is not valid.
 */
const char	*users_service_normalise(struct ctx *, const char *email);

/* The user with that address, in any case; NULL if there is none. */
struct user	*users_service_find_by_email(struct ctx *, const char *email)
		    AWAITS;

/*
 * The user of an access token, if they are active and the session is neither
 * revoked nor expired; else NULL. If target_id is not NULL, the same round trip
 * reads the user with that id into *target; NULL if there is none.
 */
struct user	*users_service_find_signed_in(struct ctx *, const char *user_id,
		    const char *session_id, const char *target_id,
		    struct user **target) AWAITS;

/* users_passwords.c */

/* Is this the user's password? user may be NULL: false, after the same time. */
bool		 users_service_check_password(struct ctx *,
		    const struct user *, const char *password) AWAITS;

/*
 * The same, and replaces a hash that was made with older settings, in *user
 * too, like passlib's CryptContext(deprecated="auto").
 */
bool		 users_service_verify_password(struct ctx *, struct user *,
		    const char *password) AWAITS;

/* The password's Argon2id hash. Raises 422 for `field` if it is too long. */
const char	*users_service_hash_password(struct ctx *, const char *password,
		    const char *field) AWAITS;

/* Sets the password's hash; false if it has changed meanwhile. */
bool		 users_service_set_password(struct ctx *, const struct user *,
		    const char *hashed_password) AWAITS;

/*
 * For the create-admin command, outside of any request: creates an admin whose
 * e-mail address counts as verified. Returns NULL or an error message.
 */
const char	*users_service_create_admin(const char *email,
		    const char *hashed_password);

/*
 * For the commands users and set-role. Both return rows, and their number in
 * *n; or NULL and *problem, an error message.
 */

/* The first `limit` users, by address, whose name or address contains part. */
const struct user	*users_service_list_now(const char *part,
			    int64_t limit, size_t *n, const char **problem);

/*
 * Gives the user with that address the role, unless they have it, or are the
 * last active admin, and another role is to replace that. No row: no such user.
 */
const struct role_change	*users_service_set_role_now(const char *email,
				    const char *role, size_t *n,
				    const char **problem);

/*
 * For commands, blocking: the user with that address, in any case. NULL if
 * there is none; or on error, and *problem is set.
 */
const struct user	*users_service_find_now(const char *email,
			    const char **problem);

/* users_jobs.c */

/* Sends the welcome mail, unless the user has been deleted. */
JOB_KIND(send_welcome_email, user);

#endif
