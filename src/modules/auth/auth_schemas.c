/* SPDX-License-Identifier: ISC */
/* The schemas of token requests, passwords and sessions. */

#include "modules/auth/auth.h"
#include "utils/refresh_token.h"

#define EXAMPLE_TOKEN	REFRESH_TOKEN_PREFIX "AZ3nVhqzfk2b0CxGQ0pXoA"

static const struct field	token_request_fields[] = {
	FIELD(token_request, grant_type, T_STR, 0, NULL,
	    .fallback = "password",
	    .doc = "`password`: sign in. `refresh_token`: stay signed in."),
	FIELD(token_request, username, T_STR, 0, NULL,
	    .example = "ada@example.com",
	    .doc = "The e-mail address; required to sign in."),
	FIELD(token_request, password, T_STR, SECRET, NULL,
	    .example = "Sunny-day-42", .doc = "Required to sign in."),
	FIELD(token_request, refresh_token, T_STR, SECRET, NULL, .example = "",
	    .doc = "The latest one of the session; required to stay signed "
	    "in. The answer has the next one."),
	FIELD(token_request, scope, T_STR, 0, NULL, .example = "",
	    .doc = "There are no scopes yet."),
};

SCHEMA(token_request);

static const struct field	login_request_fields[] = {
	FIELD(login_request, username, T_STR, REQUIRED, NULL,
	    .example = "ada@example.com"),
	FIELD(login_request, password, T_STR, REQUIRED | SECRET, NULL,
	    .example = "Sunny-day-42"),
};

SCHEMA(login_request);

static const struct field	token_fields[] = {
	FIELD(token, access_token, T_STR, 0, NULL,
	    .example = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"),
	FIELD(token, token_type, T_STR, 0, NULL, .example = "bearer"),
	FIELD(token, expires_in, T_INT, 0, NULL, .example = "900",
	    .doc = "The seconds that the access token is good for."),
	FIELD(token, refresh_token, T_STR, 0, NULL, .example = EXAMPLE_TOKEN,
	    .doc = "Gives the next access token, once."),
};

SCHEMA(token);

static const struct field	revocation_fields[] = {
	FIELD(revocation, token, T_STR, EXPECTED | SECRET, NULL,
	    .example = EXAMPLE_TOKEN,
	    .doc = "A refresh token or an access token."),
	FIELD(revocation, token_type_hint, T_STR, 0, NULL,
	    .example = "refresh_token", .doc = "Not needed; ignored."),
};

SCHEMA(revocation);

static const struct field	password_change_fields[] = {
	FIELD(password_change, current_password, T_STR, REQUIRED | SECRET,
	    NULL, .example = "Sunny-day-42"),
	FIELD(password_change, new_password, T_STR, REQUIRED | SECRET,
	    "v_password", .example = "Rainy-day-43"),
};

static const struct field	confirmation_fields[] = {
	FIELD(confirmation, current_password, T_STR, REQUIRED | SECRET, NULL,
	    .example = "Sunny-day-42"),
};

static const struct field	session_fields[] = {
	FIELD(session, id, T_UUID, 0, NULL),
	FIELD(session, client, T_STR, 0, NULL, .example = "192.0.2.1"),
	FIELD(session, created_at, T_TIME, 0, NULL),
	FIELD(session, expires_at, T_TIME, 0, NULL),
	FIELD(session, current, T_BOOL, 0, NULL),
};

static const struct field	session_list_fields[] = {
	LIST(session_list, items, session),
	PAGE_FIELDS(session_list),
};

static const struct field	account_status_fields[] = {
	FIELD(user_status, status, T_STR, 0, NULL, .example = "unlocked"),
};

SCHEMA_OF(account_status, user_status);
SCHEMA(password_change);
SCHEMA(confirmation);
SCHEMA(session);
SCHEMA(session_list);
