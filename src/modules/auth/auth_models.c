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

static const struct column	opened_columns[] = {
	COLUMN(opened, is_new, T_BOOL),
};

MODEL(opened);

MIGRATION(0002_sessions);
MIGRATION(0006_sessions_expiry);
MIGRATION(0007_sign_ins);
MIGRATION(0009_refresh_tokens);
