/* SPDX-License-Identifier: ISC */
/* Rows of the users table (models.py in a FastAPI project). */

#include "modules/users/users_repository.h"

static const struct column	user_columns[] = {
	COLUMN(user, id, T_UUID),
	COLUMN(user, email, T_STR),
	COLUMN(user, name, T_STR),
	COLUMN(user, hashed_password, T_STR),
	COLUMN(user, role, T_STR),
	COLUMN(user, is_active, T_BOOL),
	COLUMN(user, email_verified, T_BOOL),
	COLUMN(user, pending_email, T_STR, .nullable = true),
	COLUMN(user, version, T_INT),
	COLUMN(user, created_at, T_TIME),
	COLUMN(user, updated_at, T_TIME),
};

MODEL(user);

static const struct column	role_change_columns[] = {
	COLUMN(role_change, email, T_STR),
	COLUMN(role_change, role, T_STR),
	COLUMN(role_change, changed, T_BOOL),
};

MODEL(role_change);

MIGRATION(0001_users);
MIGRATION(0004_users_lists);

CONSTRAINT(users_email_key, "Email already registered");
