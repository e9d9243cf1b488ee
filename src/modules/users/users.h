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
	struct field_set	 set;
};

/* Which users a list has: NULL leaves out nobody. */
struct user_filter {
	const char	*role;
	const char	*is_active;	/* "true" or "false" */
	const char	*q;		/* a part of the name or the address */
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
 * who asks, NULL for a stranger. Raises ERR_FORBIDDEN when anyone but an admin
 * asks for a role other than user, ERR_CONFLICT when the address is taken.
 */
struct user	*users_service_create(struct ctx *,
		    const struct user_create *, const struct user *actor)
		    AWAITS;

/* A page of the users that the filter leaves, and how many there are. */
const struct user_list	*users_service_get_all(struct ctx *,
			    const struct user_filter *, const struct page *)
			    AWAITS;

/* The same behind a cursor. */
const struct user_cursor_list	*users_service_get_after(struct ctx *,
				    const struct user_filter *,
				    const struct page *) AWAITS;

/* NULL if there is none. */
struct user	*users_service_get_by_id(struct ctx *, const char *id) AWAITS;

/*
 * Changes what `in` has set, and returns the user as they are then; version is
 * what user_precondition() returned. Raises ERR_FORBIDDEN when anyone but an
 * admin changes a role or is_active, or the actor is no admin any more;
 * ERR_CONFLICT when the address is taken, or no active admin would be left;
 * ERR_PRECONDITION_FAILED when somebody else was faster, ERR_NOT_FOUND when the
 * user is gone.
 */
const struct user	*users_service_update(struct ctx *,
			    const struct user *, const struct user_update *in,
			    const struct user *actor, const char *version)
			    AWAITS;

/* Lets the user in, or no longer: that ends his sessions. Else the same. */
const struct user	*users_service_set_active(struct ctx *,
			    const struct user *, bool active,
			    const struct user *actor, const char *version)
			    AWAITS;

/* Deletes the user and all that is his; otherwise the same. */
void		 users_service_delete(struct ctx *, const struct user *,
		    const struct user *actor, const char *version) AWAITS;

/*
 * The address as it is compared: NFC, its domain in lower case. NULL when it
 * is no address.
 */
const char	*users_service_normalise(struct ctx *, const char *email);

/* The user with that address, whatever its case; NULL if there is none. */
struct user	*users_service_find_by_email(struct ctx *, const char *email)
		    AWAITS;

/*
 * The user a token speaks for: active, and in a session neither revoked nor
 * expired. NULL otherwise. In the same round trip, when asked_id is not NULL:
 * the user with that id, into *asked; NULL if there is none.
 */
struct user	*users_service_find_signed_in(struct ctx *, const char *user_id,
		    const char *session_id, const char *asked_id,
		    struct user **asked) AWAITS;

/* users_passwords.c */

/*
 * Is this the user's password? user may be NULL and the answer then false,
 * after the same time.
 */
bool		 users_service_check_password(struct ctx *,
		    const struct user *, const char *password) AWAITS;

/*
 * The same, and a hash made with older settings is replaced by one of today's,
 * in *user too (the seed's CryptContext(deprecated="auto")).
 */
bool		 users_service_verify_password(struct ctx *, struct user *,
		    const char *password) AWAITS;

/* The Argon2id hash of a password. field: what to blame for one too long. */
const char	*users_service_hash_password(struct ctx *, const char *password,
		    const char *field) AWAITS;

/* Gives the user this password; false if his has changed meanwhile. */
bool		 users_service_set_password(struct ctx *, const struct user *,
		    const char *hashed_password) AWAITS;

/*
 * For the create-admin command, outside of any request: creates an admin whose
 * address counts as verified. Returns NULL, or a line saying what is wrong.
 */
const char	*users_service_create_admin(const char *email,
		    const char *hashed_password);

/* users_jobs.c */

/* Welcomes the user, unless he is gone by then. */
JOB_KIND(send_welcome_email, user);

#endif
