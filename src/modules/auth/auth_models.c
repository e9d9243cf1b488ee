/* SPDX-License-Identifier: ISC */
/* Rows of sessions, and of counted sign-in attempts. */

#include "modules/auth/auth_repository.h"

static const struct member	session_members[] = {
	MEMBER(session, id, T_UUID, OUT),
	MEMBER(session, device, T_STR, OUT | OR_NULL,
	    .example = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
	    "Gecko/20100101 Firefox/128.0"),
	MEMBER(session, client, T_STR, OUT, .example = "192.0.2.1"),
	MEMBER(session, last_client, T_STR, OUT,
	    .example = "2001:db8::2"),
	MEMBER(session, created_at, T_TIME, OUT),
	MEMBER(session, last_used_at, T_TIME, OUT),
	MEMBER(session, expires_at, T_TIME, OUT),
	MEMBER(session, current, T_BOOL, OUT),
};

SCHEMA(session);
LIST_QUERY_BY_PAGE(sessions, list, session, .sort = "-created_at");

static const struct member	session_id_members[] = {
	MEMBER(session_id, id, T_UUID, 0),
};

SCHEMA(session_id);

static const struct member	attempt_count_members[] = {
	MEMBER(attempt_count, known, T_BOOL, 0),
};

SCHEMA(attempt_count);

static const struct member	refresh_token_members[] = {
	MEMBER(refresh_token, user_id, T_UUID, 0),
	MEMBER(refresh_token, expires_at, T_TIME, 0),
	MEMBER(refresh_token, used, T_BOOL, 0),
	MEMBER(refresh_token, late, T_BOOL, 0),
	MEMBER(refresh_token, active, T_BOOL, 0),
};

SCHEMA(refresh_token);

static const struct member	session_owner_members[] = {
	MEMBER(session_owner, user_id, T_UUID, 0),
};

SCHEMA(session_owner);

static const struct member	failure_count_members[] = {
	MEMBER(failure_count, failures, T_INT, 0),
};

SCHEMA(failure_count);

static const struct member	account_help_members[] = {
	MEMBER(account_help, email, T_STR, 0),
	MEMBER(account_help, count, T_INT, 0),
};

SCHEMA(account_help);

static const struct member	session_mark_members[] = {
	MEMBER(session_mark, confirmed, T_BOOL, 0),
};

SCHEMA(session_mark);

static const struct member	opened_members[] = {
	MEMBER(opened, is_new, T_BOOL, 0),
};

SCHEMA(opened);

MIGRATION(0002_sessions);
MIGRATION(0006_sessions_expiry);
MIGRATION(0007_sign_ins);
MIGRATION(0009_refresh_tokens);
