/* SPDX-License-Identifier: ISC */
/* The bodies of requests about links in mails. */

#include "modules/account/account.h"
#include "product.h"

#define TOKEN_EXAMPLE(purpose)						\
	.example = PRODUCT "_" purpose "_"				\
	    "4Hq0nVZ9pE0cW8mXyq3m1Qb2s7uT6rK5jL1oA0dNfGw"

static const struct member	account_email_members[] = {
	MEMBER(account_email, email, T_STR, OUT | REQUIRED,
	    .validator = "v_known_email", .example = "ada@example.com"),
};

static const struct member	account_verify_members[] = {
	MEMBER(account_verify, token, T_STR, REQUIRED | SECRET,
	    TOKEN_EXAMPLE("verify")),
};

static const struct member	account_reset_members[] = {
	MEMBER(account_reset, token, T_STR, REQUIRED | SECRET,
	    TOKEN_EXAMPLE("reset")),
	MEMBER(account_reset, new_password, T_STR, REQUIRED | SECRET,
	    .validator = "v_password", .example = "Rainy-day-43"),
};

static const struct member	account_verify_form_members[] = {
	MEMBER(account_verify, token, T_STR, SECRET),
};

static const struct member	account_reset_form_members[] = {
	MEMBER(account_reset, token, T_STR, SECRET),
	MEMBER(account_reset, new_password, T_STR, SECRET),
};

SCHEMA(account_email);
SCHEMA(account_verify);
SCHEMA(account_reset);
SCHEMA_OF(account_verify_form, account_verify);
SCHEMA_OF(account_reset_form, account_reset);
