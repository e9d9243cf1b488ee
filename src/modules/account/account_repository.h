/* SPDX-License-Identifier: ISC */
/* Tokens of links in the database. For src/modules/account only. */

#ifndef MODULES_ACCOUNT_REPOSITORY_H
#define MODULES_ACCOUNT_REPOSITORY_H

#include "database/database.h"
#include "modules/account/account.h"
#include "modules/users/users.h"

/* account_models.c */

SCHEMA_DECLARE(account_token, account_token);

/* account_repository.c: hash is the SHA-256 of a token, in hexadecimal */

/*
 * Stores a token that is sent to `to`, or makes it last longer. False if the
 * user has meanwhile been deleted, disabled or changed.
 */
bool		 account_repository_create(struct ctx *, const char *hash,
		    const struct token_purpose *, const struct user *,
		    const char *to) AWAITS;

/* NULL unless the token is good for the purpose. */
struct account_token	*account_repository_find(struct ctx *,
			    const char *hash, const struct token_purpose *)
			    AWAITS;

/* The same; uses the token up and locks its user. */
struct account_token	*account_repository_use(struct ctx *,
			    const char *hash, const struct token_purpose *)
			    AWAITS;

void		 account_repository_drop(struct ctx *,
		    const struct token_purpose *, const char *user_id) AWAITS;

/* Deletes up to limit expired tokens; returns how many. */
int64_t		 account_repository_purge(struct ctx *, int64_t limit) AWAITS;

/*
 * Outside of any request: stores a token that is not sent anywhere. *created is
 * false if no active user has the address. Returns NULL or an error message.
 */
const char	*account_repository_create_by_command(const char *hash,
		    const struct token_purpose *, const char *email_key,
		    bool *created);

#endif
