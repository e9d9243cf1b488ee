/* SPDX-License-Identifier: ISC */
/* The queries on the tokens of links. */

#include <stdio.h>

#include "modules/account/account_repository.h"
#include "utils/uuid.h"

QUERIES(account_tokens);

QUERY(account_tokens, create, none, hash, purpose, user_id, hashed_password,
    email, to, seconds);
QUERY(account_tokens, find, account_token, hash, purpose);
QUERY(account_tokens, use, account_token, hash, purpose);
QUERY(account_tokens, drop, none, user_id, purpose);
QUERY(account_tokens, purge, none, limit);
QUERY(account_tokens, create_by_command, none, hash, purpose, email_key,
    seconds, record_id);

bool
account_repository_create(struct ctx *c, const char *hash,
    const struct token_purpose *purpose, const struct user *user,
    const char *to)
{
	return (db_exec(c, account_tokens_create, hash, purpose->name,
	    user->id, user->hashed_password, user->email, to,
	    db_int(c, *purpose->seconds)) == 1);
}

struct account_token *
account_repository_find(struct ctx *c, const char *hash,
    const struct token_purpose *purpose)
{
	return (db_maybe_one(c, account_tokens_find, hash, purpose->name));
}

struct account_token *
account_repository_use(struct ctx *c, const char *hash,
    const struct token_purpose *purpose)
{
	return (db_maybe_one(c, account_tokens_use, hash, purpose->name));
}

void
account_repository_drop(struct ctx *c, const struct token_purpose *purpose,
    const char *user_id)
{
	db_exec(c, account_tokens_drop, user_id, purpose->name);
}

int64_t
account_repository_purge(struct ctx *c, int64_t limit)
{
	return (db_exec(c, account_tokens_purge, db_int(c, limit)));
}

const char *
account_repository_create_by_command(const char *hash,
    const struct token_purpose *purpose, const char *email_key, bool *created)
{
	char		 id[UUID_TEXT], seconds[16];
	const char	*problem;
	int64_t		 rows = 0;

	if (!uuid_v7(id))
		return ("no randomness");
	snprintf(seconds, sizeof(seconds), "%u", *purpose->seconds);
	problem = db_exec_now(account_tokens_create_by_command, &rows, hash,
	    purpose->name, email_key, seconds, id);
	*created = rows == 1;
	return (problem);
}
