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

/* Rows of the users table (the seed's models.py). */

#include "modules/users/users.h"

static const struct column	user_columns[] = {
	COLUMN(user, id, T_UUID),
	COLUMN(user, email, T_STR),
	COLUMN(user, name, T_STR),
	COLUMN(user, hashed_password, T_STR),
	COLUMN(user, role, T_STR),
	COLUMN(user, is_active, T_BOOL),
	COLUMN(user, email_verified, T_BOOL),
	COLUMN(user, version, T_INT),
	COLUMN(user, created_at, T_TIME),
	COLUMN(user, updated_at, T_TIME),
};

MODEL(user);

MIGRATION(0001_users);
MIGRATION(0004_users_lists);

CONSTRAINT(users_email_key, "Email already registered");
