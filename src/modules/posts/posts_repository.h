/* SPDX-License-Identifier: ISC */
/* The statements of posts, for the module itself (repository.py). */

#ifndef MODULES_POSTS_REPOSITORY_H
#define MODULES_POSTS_REPOSITORY_H

#include "database/database.h"
#include "modules/posts/posts.h"

#define POST_NOT_FOUND	"Post not found"

/* The content of a post; NULL: those of its page are too large together. */
struct post_content {
	const char	*id;
	const char	*content;
};

SCHEMA_DECLARE(post_content, post_content);

QUERY_ONE_FROM(posts, create, post, post, id, author_id, language, published);
QUERY_MAYBE_ONE(posts, find, post, id);
QUERY_MAYBE_ONE_FROM(posts, update, post, post_update, id, version);
QUERY_EXEC(posts, delete, id, version);
QUERY_MANY(posts, authors, post_author, ids);
QUERY_MANY(posts, contents, post_content, ids, viewer_id, sees_all, most);
QUERY_COUNT(posts, estimate, q, sees_all);

#endif
