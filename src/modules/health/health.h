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

#ifndef KEEL_HEALTH_H
#define KEEL_HEALTH_H

#include "database/database.h"

/* health_models.c */

struct database_state {
	int64_t	version;		/* of the schema */
	bool	writable;
};

extern const struct model	database_state_model;

/* health_schemas.c */

struct health {
	const char	*status;
};

SCHEMA_ANSWER(health, health);

/* health_service.c */

/*
 * "ready" when the database answers, takes writes, and its schema is not older
 * than ours. Raises ERR_UNAVAILABLE otherwise.
 */
struct health	*health_service_ready(struct ctx *) AWAITS;

/* The admin listener's page: Prometheus text, exposition format 0.0.4. */
const char	*health_service_metrics(struct ctx *);

/* health_repository.c */

/*
 * What the database is like. Where it takes no writes, every connection is made
 * anew: without this, a server that is sent no more writes would stay there.
 */
struct database_state	*health_repository_database_state(struct ctx *)
			    AWAITS;

#endif
