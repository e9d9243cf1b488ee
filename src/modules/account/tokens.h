/* SPDX-License-Identifier: ISC */
/* How a token is written. For src/modules/account only. */

#ifndef MODULES_ACCOUNT_TOKENS_H
#define MODULES_ACCOUNT_TOKENS_H

#include "modules/account/account.h"

#define TOKEN_TEXT	96	/* bytes, the NUL included */
#define TOKEN_HASH_TEXT	65
#define LINK_MAX	512

/* Makes a token of random bytes; false without randomness. */
bool	 token_random(const struct token_purpose *,
	    char out[static TOKEN_TEXT]);

/* Its SHA-256, in hexadecimal: what the database has of it. */
void	 token_hash(const char *token, char out[static TOKEN_HASH_TEXT]);

/* The link of account_link(), outside of a request. */
void	 token_link(const struct token_purpose *, const char *token,
	    char out[static LINK_MAX]);

#endif
