/* SPDX-License-Identifier: ISC */
/* Stored responses in the database. For src/modules/idempotency only. */

#ifndef MODULES_IDEMPOTENCY_REPOSITORY_H
#define MODULES_IDEMPOTENCY_REPOSITORY_H

#include "database/database.h"

/* idempotency_models.c */

struct stored_response {
	int64_t		 status;
	const char	*headers;	/* lines "name: value" */
	const char	*body;		/* NULL: none */
	bool		 is_same;	/* of this request */
};

struct key_lock {
	bool	is_locked;
};

SCHEMA_DECLARE(stored_response, stored_response);
SCHEMA_DECLARE(key_lock, key_lock);

/* Scopes and requests are hashes, in hexadecimal; the old ones may be NULL. */
QUERY_ONE(idempotency_keys, lock, key_lock, scope, old_scope);
QUERY_MAYBE_ONE(idempotency_keys, find, stored_response, scope,
    old_scope, request, old_request);
QUERY_EXEC(idempotency_keys, store, scope, user_id, request, status, headers,
    body);
QUERY_EXEC(idempotency_keys, purge, limit);

#endif
