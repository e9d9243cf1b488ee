/* SPDX-License-Identifier: ISC */
/* Rows of the stored answers. */

#define DEFINE_QUERIES
#include "modules/idempotency/idempotency_repository.h"

static const struct member	stored_answer_members[] = {
	MEMBER(stored_answer, status, T_INT, 0),
	MEMBER(stored_answer, headers, T_STR, 0),
	MEMBER(stored_answer, body, T_STR, OR_NULL),
	MEMBER(stored_answer, is_same, T_BOOL, 0),
};

static const struct member	key_lock_members[] = {
	MEMBER(key_lock, is_locked, T_BOOL, 0),
};

SCHEMA(stored_answer);
SCHEMA(key_lock);

QUERIES(idempotency_keys);
MIGRATION(0012_idempotency_keys);
