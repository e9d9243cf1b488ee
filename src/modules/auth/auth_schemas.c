/* SPDX-License-Identifier: ISC */
/* The schemas of token requests, passwords and sessions. */

#include "modules/auth/auth.h"
#include "utils/refresh_token.h"

#define EXAMPLE_TOKEN	REFRESH_TOKEN_PREFIX "AZ3nVhqzfk2b0CxGQ0pXoA"

static const struct member	token_request_members[] = {
	MEMBER(token_request, grant_type, T_STR, 0,
	    .fallback = "password",
	    .doc = "`password`: sign in. `refresh_token`: stay signed in."),
	MEMBER(token_request, username, T_STR, 0,
	    .example = "ada@example.com",
	    .doc = "The e-mail address; required to sign in."),
	MEMBER(token_request, password, T_STR, SECRET,
	    .example = "Sunny-day-42", .doc = "Required to sign in."),
	MEMBER(token_request, refresh_token, T_STR, SECRET, .example = "",
	    .doc = "The latest one of the session; required to stay signed "
	    "in. The answer has the next one."),
	MEMBER(token_request, scope, T_STR, 0, .example = "",
	    .doc = "There are no scopes yet."),
};

SCHEMA(token_request);

static const struct member	login_request_members[] = {
	MEMBER(login_request, username, T_STR, REQUIRED,
	    .example = "ada@example.com"),
	MEMBER(login_request, password, T_STR, REQUIRED | SECRET,
	    .example = "Sunny-day-42"),
};

SCHEMA(login_request);

static const struct member	token_members[] = {
	MEMBER(token, access_token, T_STR, OUT,
	    .example = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"),
	MEMBER(token, token_type, T_STR, OUT, .example = "bearer"),
	MEMBER(token, expires_in, T_INT, OUT, .example = "900",
	    .doc = "The seconds that the access token is good for."),
	MEMBER(token, refresh_token, T_STR, OUT, .example = EXAMPLE_TOKEN,
	    .doc = "Gives the next access token, once."),
};

SCHEMA(token);

static const struct member	revocation_members[] = {
	MEMBER(revocation, token, T_STR, EXPECTED | SECRET,
	    .example = EXAMPLE_TOKEN,
	    .doc = "A refresh token or an access token."),
	MEMBER(revocation, token_type_hint, T_STR, 0,
	    .example = "refresh_token", .doc = "Not needed; ignored."),
};

SCHEMA(revocation);

static const struct member	password_change_members[] = {
	MEMBER(password_change, current_password, T_STR, REQUIRED | SECRET,
	    .example = "Sunny-day-42"),
	MEMBER(password_change, new_password, T_STR, REQUIRED | SECRET,
	    .validator = "v_password", .example = "Rainy-day-43"),
};

static const struct member	confirmation_members[] = {
	MEMBER(confirmation, current_password, T_STR, REQUIRED | SECRET,
	    .example = "Sunny-day-42"),
};

static const struct member	account_status_members[] = {
	MEMBER(user_status, status, T_STR, OUT, .example = "unlocked"),
};

SCHEMA_OF(account_status, user_status);
SCHEMA(password_change);
SCHEMA(confirmation);
