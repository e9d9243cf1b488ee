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

/* Rows of the jobs table, as an admin sees them. */

#include "modules/admin_jobs/admin_jobs.h"

static const struct column	admin_job_columns[] = {
	COLUMN(admin_job, id, T_UUID),
	COLUMN(admin_job, kind, T_STR),
	COLUMN(admin_job, payload, T_JSON),
	COLUMN(admin_job, status, T_STR),
	COLUMN(admin_job, attempts, T_INT),
	NULLABLE(admin_job, error, T_STR),
	NULLABLE(admin_job, request_id, T_STR),
	COLUMN(admin_job, run_at, T_TIME),
	COLUMN(admin_job, created_at, T_TIME),
	NULLABLE(admin_job, finished_at, T_TIME),
};

MODEL(admin_job);

CONSTRAINT(jobs_unique_key, "An equal job is queued or running already");
