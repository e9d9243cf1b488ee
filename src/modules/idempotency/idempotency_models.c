/* SPDX-License-Identifier: ISC */
/* Rows of the stored responses. */

#define DEFINE_QUERIES
#include "modules/idempotency/idempotency_repository.h"

static const struct member	stored_response_members[] = {
	MEMBER(stored_response, status, T_INT, 0),
	MEMBER(stored_response, headers, T_STR, 0),
	MEMBER(stored_response, body, T_STR, OR_NULL),
	MEMBER(stored_response, is_same, T_BOOL, 0),
};

static const struct member	key_lock_members[] = {
	MEMBER(key_lock, is_locked, T_BOOL, 0),
};

SCHEMA(stored_response);
SCHEMA(key_lock);

QUERIES(idempotency_keys);
MIGRATION(0012_idempotency_keys);
