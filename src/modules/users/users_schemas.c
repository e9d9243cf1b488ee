/* SPDX-License-Identifier: ISC */
/* The schemas of users (schemas.py in a FastAPI project). */

#include "modules/users/users.h"

#define ADA_EMAIL	.example = "ada@example.com"
#define ADA_NAME	.example = "Ada Lovelace"

static const struct field	user_create_fields[] = {
	FIELD(user_create, email, T_STR, REQUIRED, "v_email", ADA_EMAIL),
	FIELD(user_create, name, T_STR, REQUIRED, "v_name", ADA_NAME),
	FIELD(user_create, password, T_STR, REQUIRED | SECRET, "v_password",
	    .example = "Sunny-day-42"),
	FIELD(user_create, role, T_STR, 0, "v_role", .fallback = "user"),
};

static const struct field	user_update_fields[] = {
	FIELD(user_update, email, T_STR, 0, "v_email", ADA_EMAIL),
	FIELD(user_update, name, T_STR, 0, "v_name", ADA_NAME),
	FIELD(user_update, role, T_STR, 0, "v_role", .example = "user"),
	FIELD(user_update, is_active, T_BOOL, 0, NULL),
	FIELD(user_update, email_verified, T_BOOL, 0, NULL,
	    .example = "false"),
};

static const struct field	user_replace_fields[] = {
	FIELD(user_update, email, T_STR, REQUIRED, "v_email", ADA_EMAIL),
	FIELD(user_update, name, T_STR, REQUIRED, "v_name", ADA_NAME),
	FIELD(user_update, role, T_STR, REQUIRED, "v_role",
	    .example = "user"),
	FIELD(user_update, is_active, T_BOOL, REQUIRED, NULL),
	FIELD(user_update, email_verified, T_BOOL, 0, NULL,
	    .example = "false"),
};

static const struct field	user_update_me_fields[] = {
	FIELD(user_update, email, T_STR, 0, "v_email", ADA_EMAIL),
	FIELD(user_update, name, T_STR, 0, "v_name", ADA_NAME),
};

/* UserResponse: fields that are not listed here are never sent. */
static const struct field	user_fields[] = {
	FIELD(user, id, T_UUID, 0, NULL),
	FIELD(user, email, T_STR, 0, NULL, ADA_EMAIL),
	FIELD(user, name, T_STR, 0, NULL, ADA_NAME),
	FIELD(user, role, T_STR, 0, "v_role", .example = "user"),
	FIELD(user, is_active, T_BOOL, 0, NULL),
	FIELD(user, email_verified, T_BOOL, 0, NULL),
	FIELD(user, pending_email, T_STR, OPTIONAL, NULL,
	    .example = "countess@example.com"),
	FIELD(user, created_at, T_TIME, 0, NULL),
	FIELD(user, updated_at, T_TIME, 0, NULL),
	FIELD(user, version, T_INT, ETAG, NULL),
};

static const struct field	user_list_fields[] = {
	LIST(user_list, items, user),
	PAGE_FIELDS(user_list),
};

static const struct field	user_cursor_list_fields[] = {
	LIST(user_cursor_list, items, user),
	CURSOR_FIELDS(user_cursor_list),
};

static const struct field	user_status_fields[] = {
	FIELD(user_status, status, T_STR, 0, NULL, .example = "activated"),
};

static const struct field	user_accepted_fields[] = {
	FIELD(user_status, status, T_STR, 0, NULL, .example = "accepted"),
};

SCHEMA(user_create);
SCHEMA_UPDATE(user_update, user_update);
SCHEMA_UPDATE(user_replace, user_update);
SCHEMA_UPDATE(user_update_me, user_update);
SCHEMA(user);
SCHEMA(user_list);
SCHEMA(user_cursor_list);
SCHEMA(user_status);
SCHEMA_OF(user_accepted, user_status);
