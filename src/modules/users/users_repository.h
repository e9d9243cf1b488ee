/* SPDX-License-Identifier: ISC */
/*
 * Users in the database (repository.py in a FastAPI project). For
 * src/modules/users only.
 */

#ifndef MODULES_USERS_REPOSITORY_H
#define MODULES_USERS_REPOSITORY_H

#include "database/database.h"
#include "modules/users/users.h"

/* users_models.c */

SCHEMA_DECLARE(role_change, role_change);

/* users_repository.c: the statements of sql/queries/users.sql; see query.h. */

/* These take the key of an address: see email_key(). */
QUERY_MAYBE_ONE(users, find_by_email, user, email_key);
QUERY_MAYBE_ONE(users, find_by_id, user, id);
QUERY_MAYBE_ONE(users, find_signed_in, user, id, session_id);

/*
 * The signed-in user and the user with target_id: up to two rows; none if the
 * first one is not signed in.
 */
QUERY_MANY(users, find_signed_in_and_target, user, id, session_id, target_id);

/* NULL if the e-mail address is taken. Without a network: known in none. */
QUERY_MAYBE_ONE_FROM(users, create, user, user, email_key, network);

/*
 * Those with a version return NULL if there is no such user of that version
 * (NULL: any). Raises ERR_CONFLICT if the new e-mail address is taken.
 * email_key is NULL where the address does not change.
 */
QUERY_MAYBE_ONE_FROM(users, update, user, user_update, email_key, version);
QUERY_MAYBE_ONE(users, delete, user, id, version, except_admins);

/* The user as they are now, locked until the transaction ends. */
QUERY_MAYBE_ONE(users, lock, user, id);

/* Locks the active admins until the transaction ends. */
QUERY_MANY(users, lock_admins, user);

/* Stores the address that waits for its confirmation; NULL: none does. */
QUERY_MAYBE_ONE(users, set_pending_email, user, id, email, version);

/*
 * The pending address becomes the user's. NULL if it is another one. Raises
 * ERR_CONFLICT if another user has it.
 */
QUERY_MAYBE_ONE(users, confirm_email, user, id, email, email_key);
QUERY_EXEC(users, drop_pending_email, id);

/* Replaces the password's hash; 0 if it has changed meanwhile. */
QUERY_EXEC(users, set_password, id, old_hash, new_hash);

/* The same, whatever it was; if verified, the address is verified, too. */
QUERY_EXEC(users, reset_password, id, new_hash, verified);

/* 0 if the address is verified already. */
QUERY_EXEC(users, verify_email, id);

/*
 * For commands. The first creates an admin, and their row in the audit log, if
 * the e-mail address is not taken. The second has no row if nobody has the
 * address.
 */
QUERY_EXEC_NOW(users, create_admin, id, email, email_key, hashed_password,
    record_id);
QUERY_MANY_NOW(users, set_role, role_change, email_key, role, record_id,
    job_id);

/* By address, those whose name or address contains part (NULL: all). */
QUERY_MANY_NOW(users, find_like, user, part, limit);

/* NULL if there is none. */
struct user	*users_repository_find_now(const char *email_key,
		    const char **problem);

#endif
