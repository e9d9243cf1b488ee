/* SPDX-License-Identifier: ISC */
/* Rows of the tokens of links. */

#include "modules/account/account_repository.h"

static const struct column	account_token_columns[] = {
	COLUMN(account_token, user_id, T_UUID),
	COLUMN(account_token, email, T_STR, .nullable = true),
};

MODEL(account_token);

MIGRATION(0011_account_tokens);
