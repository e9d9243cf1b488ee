/* SPDX-License-Identifier: ISC */
/* The bodies of requests about links in mails. */

#include "modules/account/account.h"
#include "product.h"

#define TOKEN_EXAMPLE(purpose)						\
	.example = PRODUCT "_" purpose "_"				\
	    "4Hq0nVZ9pE0cW8mXyq3m1Qb2s7uT6rK5jL1oA0dNfGw"

static const struct field	account_email_fields[] = {
	FIELD(account_email, email, T_STR, REQUIRED, "v_email",
	    .example = "ada@example.com"),
};

static const struct field	account_verify_fields[] = {
	FIELD(account_verify, token, T_STR, REQUIRED | SECRET, NULL,
	    TOKEN_EXAMPLE("verify")),
};

static const struct field	account_reset_fields[] = {
	FIELD(account_reset, token, T_STR, REQUIRED | SECRET, NULL,
	    TOKEN_EXAMPLE("reset")),
	FIELD(account_reset, new_password, T_STR, REQUIRED | SECRET,
	    "v_password", .example = "Rainy-day-43"),
};

static const struct field	account_verify_form_fields[] = {
	FIELD(account_verify, token, T_STR, SECRET, NULL),
};

static const struct field	account_reset_form_fields[] = {
	FIELD(account_reset, token, T_STR, SECRET, NULL),
	FIELD(account_reset, new_password, T_STR, SECRET, NULL),
};

SCHEMA(account_email);
SCHEMA(account_verify);
SCHEMA(account_reset);
SCHEMA_OF(account_verify_form, account_verify);
SCHEMA_OF(account_reset_form, account_reset);
