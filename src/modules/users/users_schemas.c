/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* What is read and answered of users (the seed's schemas.py). */

#include "modules/users/users.h"

static const struct field	user_create_fields[] = {
	FIELD(user_create, email, T_STR, REQUIRED, "v_email"),
	FIELD(user_create, name, T_STR, REQUIRED, "v_name"),
	FIELD(user_create, password, T_STR, REQUIRED | SECRET, "v_password"),
	FIELD(user_create, role, T_STR, 0, "v_role", .fallback = "user"),
};

SCHEMA(user_create);

/* UserResponse: what is not listed here cannot leave the server. */
static const struct field	user_fields[] = {
	FIELD(user, id, T_UUID, 0, NULL),
	FIELD(user, email, T_STR, 0, NULL),
	FIELD(user, name, T_STR, 0, NULL),
	FIELD(user, role, T_STR, 0, NULL),
	FIELD(user, is_active, T_BOOL, 0, NULL),
	FIELD(user, email_verified, T_BOOL, 0, NULL),
	FIELD(user, created_at, T_TIME, 0, NULL),
	FIELD(user, updated_at, T_TIME, 0, NULL),
};

SCHEMA(user);
