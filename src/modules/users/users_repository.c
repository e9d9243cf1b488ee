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

/* Users in the database (the seed's repository.py). */

#include "modules/users/users.h"
#include "utils/uuid.h"

QUERIES(users);

QUERY(users, find_by_email, user);
QUERY(users, find_signed_in, user);
QUERY(users, create, user);
QUERY(users, create_admin, none);
QUERY(users, rehash, none);

struct user *
users_repository_find_by_email(struct ctx *c, const char *email)
{
	return (db_maybe_one(c, users_find_by_email, email));
}

struct user *
users_repository_find_signed_in(struct ctx *c, const char *user_id,
    const char *session_id)
{
	return (db_maybe_one(c, users_find_signed_in, user_id, session_id));
}

struct user *
users_repository_create(struct ctx *c, const struct user_create *in,
    const char *hashed_password)
{
	return (db_maybe_one(c, users_create, db_uuid(c), in->email, in->name,
	    hashed_password, in->role));
}

void
users_repository_rehash(struct ctx *c, const struct user *user,
    const char *hashed_password)
{
	db_exec(c, users_rehash, user->id, user->hashed_password,
	    hashed_password);
}

const char *
users_repository_create_admin(const char *email, const char *hashed_password,
    bool *created)
{
	char		 id[UUID_TEXT];
	const char	*problem;
	int64_t		 rows = 0;

	if (!uuid_v7(id))
		return ("no randomness");
	problem = db_exec_now(users_create_admin, &rows, id, email,
	    hashed_password);
	*created = rows == 1;
	return (problem);
}
