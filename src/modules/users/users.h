/* SPDX-License-Identifier: ISC */
/* Users: register, read, change, delete, list. */

#ifndef MODULES_USERS_H
#define MODULES_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "database/list.h"
#include "http/schema_response.h"
#include "jobs/jobs.h"
#include "schema/schema.h"

/* users_models.c */

struct user {
	const char	*id;
	const char	*email;
	const char	*name;
	const char	*locale;	/* of mails, a language tag; or NULL */
	const char	*hashed_password;
	const char	*role;
	bool		 is_active;
	bool		 email_verified;
	const char	*pending_email;	/* not confirmed yet; or NULL */
	int64_t		 version;
	int64_t		 created_at;
	int64_t		 updated_at;
};

/* users_settings.c: filled at the start */

enum taken_emails { TAKEN_TOLD, TAKEN_HIDDEN };

struct users_settings {
	unsigned	 taken_emails;	/* enum taken_emails */
};

extern struct users_settings	users_settings;

/* users_schemas.c */

struct user_create {
	struct user	 user;
	const char	*password;
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
SCHEMA_UPDATE_BODY(user_update, user);		/* PATCH */
SCHEMA_BODY_OF(user_replace, user_update);	/* PUT: every member */
SCHEMA_BODY_OF(user_update_me, user_update);	/* name and address */
SCHEMA_RESPONSE(user, user);			/* UserResponse */
LISTS(users, list, user);			/* UserListResponse */
LISTS(users, search, user);			/* the same, with ?q */
SCHEMA_RESPONSE(user_status, user_status);
SCHEMA_RESPONSE(user_accepted, user_status);

/* A payload of jobs, only the user's id: they read the rest when they run. */
SCHEMA_DECLARE(user_ref, user);

/* users_service.c */

/*
 * Registers a user and enqueues the welcome mail, in one transaction. actor is
 * the signed-in user, or NULL. Raises ERR_FORBIDDEN if the role is not user and
 * the actor is no admin, ERR_CONFLICT if the e-mail address is taken. If
 * TAKEN_EMAILS is hidden, only an admin gets these two: for others it returns
 * NULL, and the owner of a taken address gets a mail.
 */
struct user	*users_service_create(struct ctx *,
		    const struct user_create *, const struct user *actor)
		    AWAITS;

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

/* Drops the user's pending address: see users_email.c below. */
void		 users_service_drop_pending_email(struct ctx *,
		    const struct user *) AWAITS;

/* Deletes the user and all their data. Raises the same errors. */
void		 users_service_delete(struct ctx *, const struct user *,
		    const struct user *actor, const char *version) AWAITS;

/* Their address is verified from now on; false if it was before. */
bool		 users_service_verify_email(struct ctx *, const char *id)
		    AWAITS;

/*
 * The user of an access token, if they are active and the session is neither
 * revoked nor expired; else NULL. If target_id is not NULL, the same round trip
 * reads the user with that id into *target; NULL if there is none.
 */
struct user	*users_service_find_signed_in(struct ctx *, const char *user_id,
		    const char *session_id, const char *target_id,
		    struct user **target) AWAITS;

/* users_keys.c */

/* email_key() of the text; NULL if it is too long for any address. */
const char	*users_service_email_key(struct ctx *, const char *);

/*
 * The user with that address, in any spelling that has its key, valid or not;
 * NULL if there is none.
 */
struct user	*users_service_find_by_email(struct ctx *, const char *email)
		    AWAITS;

/*
 * For commands, blocking: the user with that address, by its key. NULL if
 * there is none; or on error, and *problem is set.
 */
const struct user	*users_service_find_now(const char *email,
			    const char **problem);

/* users_passwords.c */

/*
 * May a stranger see a difference between this user and none? Not where
 * TAKEN_EMAILS is hidden and the address is not verified: else somebody who has
 * just registered with it would learn that it was free.
 */
bool		 users_service_may_be_known(const struct user *);

/*
 * May they sign in, if they know the password? Not if they are disabled, nor if
 * they may not be known.
 */
bool		 users_service_may_sign_in(const struct user *);

/* Is this the user's password? user may be NULL: false, after the same time. */
bool		 users_service_check_password(struct ctx *,
		    const struct user *, const char *password) AWAITS;

/*
 * The same, and replaces a hash that is weaker than ours, or of another form of
 * the password, in *user too, like passlib's CryptContext(deprecated="auto").
 */
bool		 users_service_verify_password(struct ctx *, struct user *,
		    const char *password) AWAITS;

/*
 * Why this cannot be the user's new password, whatever the rule of kore.conf
 * is: it is made of their name or address, or of the address that waits for a
 * confirmation. Or NULL. Of the user these three are read; each may be NULL.
 */
const char	*users_service_password_problem(const struct user *,
		    const char *password);

/*
 * The hash of the user's new password, which fits the rule of kore.conf. Raises
 * 422 for `field` when there is a problem, or passwords_hash() has one.
 */
const char	*users_service_hash_password(struct ctx *,
		    const struct user *, const char *password,
		    const char *field) AWAITS;

/* Sets the password's hash; false if it has changed meanwhile. */
bool		 users_service_set_password(struct ctx *, const struct user *,
		    const char *hashed_password) AWAITS;

/*
 * Sets the password's hash, whatever it was; with verified, their e-mail
 * address counts as verified, too.
 */
void		 users_service_reset_password(struct ctx *,
		    const struct user *, const char *hashed_password,
		    bool verified) AWAITS;

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
			    const char *limit, size_t *n,
			    const char **problem);

/*
 * Gives the user whose address has this key the role, unless they have it, or
 * are the last active admin, and another role is to replace that. A job tells
 * them of a change. No row: no such user.
 */
const struct role_change	*users_service_set_role_now(
				    const char *email_key,
				    const char *role, size_t *n,
				    const char **problem);

/*
 * account_jobs.c: sends the welcome mail, with a link that verifies the address
 * if it is not verified, unless the user has been deleted.
 */
JOB_KIND(send_welcome_email, user);

/* users_notices.c */

/*
 * What a notice tells. Its text has no words of a client: the device is a name
 * from utils/user_agent.h. Only the new e-mail address is the user's, and an
 * old address that is not verified does not get to see it.
 */
struct notice {
	const char	*id;		/* the user's */
	const char	*email;		/* the old address; NULL: the user's */
	bool		 verified;	/* the old address was */
	const char	*from, *to;	/* what changed, or NULL */
	const char	*client;	/* the address that it came from; NULL:
					   an administrator did it */
	const char	*device;
};

SCHEMA_DECLARE(notice, notice);
SCHEMA_DECLARE(notice_taken, notice);

/* account_notices.c sends them. */
JOB_KIND(send_password_notice, notice);
JOB_KIND(send_device_notice, notice);
JOB_KIND(send_role_notice, notice);
JOB_KIND(send_email_notice, notice);
JOB_KIND(send_taken_notice, notice);

/*
 * Each stores the job that sends the notice, in the open transaction of the
 * change: the user's password was changed; they signed in from a network that
 * they are not known in; an administrator changed their role; their address is
 * another one now: they confirmed it, or an administrator changed it.
 */
void	users_notice_password(struct ctx *, const struct user *) AWAITS;
void	users_notice_device(struct ctx *, const struct user *) AWAITS;
void	users_notice_role(struct ctx *, const struct user *before,
	    const struct user *after) AWAITS;
void	users_notice_email(struct ctx *, const struct user *before,
	    const struct user *after, bool by_admin) AWAITS;

/*
 * Somebody tried to register with an address that a user has. The job looks for
 * the user, so that the request takes as long as for an address that is free.
 */
void	users_notice_taken(struct ctx *, const char *email) AWAITS;

/* From where the request comes, for a notice. */
void	users_notice_origin(struct ctx *, struct notice *);

/* users_email.c */

/*
 * The address that a user asks for is pending until it is confirmed. A user has
 * one pending address at most. It ends when it is confirmed, when the old one
 * cancels it, when the user asks for another, with a new password, and when an
 * admin changes the address.
 */

/*
 * Takes the address that the user asks for out of the change, which is written
 * at once. NULL if they ask for none; "" if they keep theirs, so that none is
 * pending any more: when `in`, the request, has their current address and no
 * other member. Another spelling of theirs, with one key, stays in the change.
 */
const char	*users_email_asked(const struct user *,
		    const struct user_update *in, struct user_update *change);

/*
 * Raises ERR_CONFLICT if somebody else has the address, and TAKEN_EMAILS lets
 * users know that.
 */
void		 users_email_check(struct ctx *, const struct user *,
		    const char *email) AWAITS;

/*
 * In a transaction: makes the address pending, and stores the jobs that ask it
 * and tell the old one; "" drops the pending one. NULL if there is no user of
 * that version (NULL: any).
 */
struct user	*users_email_ask(struct ctx *, const struct user *,
		    const char *email, const char *version) AWAITS;

/*
 * In a transaction: the pending address becomes the user's. False if it is not
 * this one. Raises ERR_CONFLICT if somebody has it meanwhile.
 */
bool		 users_email_confirm(struct ctx *, const char *id,
		    const char *email) AWAITS;

/* In a transaction: the user keeps their address. */
void		 users_email_cancel(struct ctx *, const char *id) AWAITS;

/*
 * The jobs that send the links; src/modules/account has their handlers, since
 * it makes the tokens. The first goes to the new address, the second to the old
 * one.
 */
JOB_KIND(send_email_confirmation, notice);
JOB_KIND(send_email_warning, notice);

#endif
