/*
 * Copyright (c) 2026 The Keel authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/* Rows of the sessions table. */

#include "modules/auth/auth.h"

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

MIGRATION(0002_sessions);
MIGRATION(0006_sessions_expiry);
MIGRATION(0007_sign_ins);
