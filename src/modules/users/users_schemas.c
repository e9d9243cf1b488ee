/* SPDX-License-Identifier: ISC */
/* The schemas of users (schemas.py in a FastAPI project). */

#include "modules/users/users.h"

SCHEMA_EXTENDS(user_create, user,
    .only = NAMES("email", "name", "locale"),
    .also = MEMBERS(
	MEMBER(user_create, password, T_STR, REQUIRED | SECRET,
	    .validator = "v_password", .example = "Sunny-day-42"),
	MEMBER_OF(user_create, user, role, T_STR, 0, .validator = "v_role",
	    .fallback = "user")));

/* Users keep an address that new ones may not have: users_service.c. */
SCHEMA_PATCH(user_update, user,
    .only = NAMES("name", "locale", "role", "is_active"), .also = MEMBERS(
	MEMBER_OF(user_update, to, email, T_STR, 0,
	    .validator = "v_known_email", .example = "ada@example.com"),
	MEMBER_OF(user_update, to, email_verified, T_BOOL, 0,
	    .example = "false")));

/*
 * PUT: all of it; but the language, and whether the address is verified, need
 * not be said, and stay as they are.
 */
SCHEMA_LIKE(user_replace, user_update, .required = true,
    .optional = NAMES("locale", "email_verified"));

/* What users change of themselves. */
SCHEMA_LIKE(user_update_me, user_update,
    .only = NAMES("email", "name", "locale"));

SCHEMA_LIKE(user_ref, user, .only = NAMES("id"), .required = true);

static const struct member	user_status_members[] = {
	MEMBER(user_status, status, T_STR, OUT, .example = "activated"),
};

static const struct member	user_accepted_members[] = {
	MEMBER(user_status, status, T_STR, OUT, .example = "accepted"),
};

SCHEMA(user_status);
SCHEMA_OF(user_accepted, user_status);
