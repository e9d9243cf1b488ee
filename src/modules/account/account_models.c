/* SPDX-License-Identifier: ISC */
/* Rows of the tokens of links. */

#include "modules/account/account_repository.h"

static const struct member	account_token_members[] = {
	MEMBER(account_token, user_id, T_UUID, 0),
	MEMBER(account_token, email, T_STR, OR_NULL),
};

SCHEMA(account_token);

MIGRATION(0011_account_tokens);
