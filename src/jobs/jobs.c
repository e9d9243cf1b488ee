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

/* Stores work for later, in the transaction that is open. */

#include "jobs/jobs.h"

MIGRATION(0003_jobs);
QUERIES(jobs);
QUERY(jobs, enqueue, none);

void
background(struct ctx *c, const char *kind, const char *id)
{
	if (c->transaction == NULL)
		raise_error(c, &ERR_INTERNAL, "%s outside of a transaction",
		    kind);
	db_exec(c, jobs_enqueue, db_uuid(c), kind,
	    ctx_printf(c, "{\"id\": \"%s\"}", id));
}
