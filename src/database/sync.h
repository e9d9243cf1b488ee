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

#ifndef KEEL_DATABASE_SYNC_H
#define KEEL_DATABASE_SYNC_H

#include <libpq-fe.h>

/*
 * The parent's and the commands' connection: one, blocking, before any worker
 * exists (database_start.c).
 */

/* Connects within the connect timeout. NULL, and *problem says why. */
PGconn		*sync_connect(const char **problem);

/*
 * Runs a statement; every parameter is text. NULL after an error, which
 * sync_error() then tells in one line. The caller clears the result.
 */
PGresult	*sync_run(PGconn *, const char *sql, const char *const *params,
		    int nparams);
const char	*sync_error(PGconn *);

/* Compares the schema's version and checksums with the compiled ones. */
const char	*migrations_check(PGconn *);

#endif
