/* SPDX-License-Identifier: ISC */
/*
 * Rows of the users table (models.py in a FastAPI project). OUT: what a
 * response shows of it, UserResponse.
 */

#include "modules/users/users_repository.h"

static const struct member	user_members[] = {
	MEMBER(user, id, T_UUID, OUT),
	MEMBER(user, email, T_STR, OUT | REQUIRED, .validator = "v_email",
	    .example = "ada@example.com"),
	MEMBER(user, name, T_STR, OUT | REQUIRED, .validator = "v_name",
	    .example = "Ada Lovelace"),
	MEMBER(user, locale, T_STR, OUT | OR_NULL, .validator = "v_locale",
	    .example = "es-MX", .doc = "The language of mails to the user: a "
	    "tag of BCP 47, such as en, pt-BR or zh-Hant; null: the server's "
	    "default."),
	MEMBER(user, hashed_password, T_STR, SECRET),
	MEMBER(user, role, T_STR, OUT, .validator = "v_role",
	    .example = "user"),
	MEMBER(user, is_active, T_BOOL, OUT),
	MEMBER(user, email_verified, T_BOOL, OUT),
	MEMBER(user, pending_email, T_STR, OUT | OPTIONAL,
	    .example = "countess@example.com"),
	MEMBER(user, version, T_INT, ETAG),
	MEMBER(user, created_at, T_TIME, OUT),
	MEMBER(user, updated_at, T_TIME, OUT),
};

SCHEMA(user);
LIST_QUERY(users, list, user, .sort = "created_at");
LIST_QUERY_AS(users, search, user, .sort = "created_at",
    .pages = &user_list_schema, .cursor = &user_cursor_list_schema);

static const struct member	role_change_members[] = {
	MEMBER(role_change, email, T_STR, 0),
	MEMBER(role_change, role, T_STR, 0),
	MEMBER(role_change, changed, T_BOOL, 0),
};

SCHEMA(role_change);

MIGRATION(0001_users);
MIGRATION(0004_users_lists);
MIGRATION(0015_search);
MIGRATION(0016_times);
MIGRATION(0017_forms_and_times);
MIGRATION(0018_locale);

CONSTRAINT(users_email_key, "Email already registered");
