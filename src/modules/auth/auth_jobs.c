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

/* What sign-ins leave behind is deleted, after a while. */

#include "jobs/jobs.h"
#include "modules/auth/auth.h"

#define BATCH	1000	/* rows of a statement: it has five seconds */

static void
purge_sessions(struct ctx *c)
{
	while (auth_repository_purge_sessions(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_failures(c, BATCH) == BATCH)
		;
	while (auth_repository_purge_networks(c, BATCH) == BATCH)
		;
}

JOB(purge_sessions, .every = 3600, .attempts = 5, .backoff = 60,
    .timeout = 300);
