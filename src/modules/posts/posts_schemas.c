/* SPDX-License-Identifier: ISC */
/* The schemas of posts (schemas.py in a FastAPI project). */

#include "modules/posts/posts.h"

SCHEMA_LIKE(post_item, post, .sparse = true);

SCHEMA_LIKE(post_create, post, .only = NAMES("title", "content"),
    .also = MEMBERS(
	MEMBER(post, published, T_BOOL, 0, .fallback = "false",
	    .doc = "false: it is a draft, which only its author and admins "
		"can read")));

SCHEMA_PATCH(post_update, post, .only = NAMES("title", "content"),
    .also = MEMBERS(
	MEMBER_OF(post_update, to, published, T_BOOL, 0, .example = "true")));

/* PUT: without `published`, the post stays published or a draft. */
SCHEMA_LIKE(post_replace, post_update, .required = true,
    .optional = NAMES("published"));
