/* SPDX-License-Identifier: ISC */
/* Rows of sessions, and of counted sign-in attempts. */

#include "modules/auth/auth_repository.h"

static const struct column	session_columns[] = {
	COLUMN(session, id, T_UUID),
	COLUMN(session, client, T_STR),
	COLUMN(session, created_at, T_TIME),
	COLUMN(session, expires_at, T_TIME),
	COLUMN(session, current, T_BOOL),
};

MODEL(session);

static const struct column	attempt_count_columns[] = {
	COLUMN(attempt_count, known, T_BOOL),
};

MODEL(attempt_count);

static const struct column	failure_count_columns[] = {
	COLUMN(failure_count, failures, T_INT),
};

MODEL(failure_count);

static const struct column	account_help_columns[] = {
	COLUMN(account_help, email, T_STR),
	COLUMN(account_help, count, T_INT),
};

MODEL(account_help);

static const struct column	session_mark_columns[] = {
	COLUMN(session_mark, confirmed, T_BOOL),
};

MODEL(session_mark);

static const struct column	refresh_token_columns[] = {
	COLUMN(refresh_token, user_id, T_UUID),
	COLUMN(refresh_token, expires_at, T_TIME),
	COLUMN(refresh_token, used, T_BOOL),
	COLUMN(refresh_token, late, T_BOOL),
	COLUMN(refresh_token, active, T_BOOL),
};

MODEL(refresh_token);

static const struct column	session_owner_columns[] = {
	COLUMN(session_owner, user_id, T_UUID),
};

MODEL(session_owner);

MIGRATION(0002_sessions);
MIGRATION(0006_sessions_expiry);
MIGRATION(0007_sign_ins);
MIGRATION(0009_refresh_tokens);
