/* SPDX-License-Identifier: ISC */
/*
 * Rows of the posts table (models.py in a FastAPI project). OUT: a response
 * shows it.
 */

#define DEFINE_QUERIES
#include "modules/posts/posts_repository.h"

static const struct member	post_author_members[] = {
	MEMBER(post_author, id, T_UUID, OUT),
	MEMBER(post_author, name, T_STR, OUT, .example = "Ada Lovelace"),
	MEMBER(post_author, version, T_INT, ETAG),
};

static const struct member	post_members[] = {
	MEMBER(post, id, T_UUID, OUT),
	MEMBER(post, title, T_STR, OUT | REQUIRED, .validator = "v_post_title",
	    .example = "Hello"),
	MEMBER(post, content, T_STR, OUT | REQUIRED,
	    .validator = "v_post_content", .example = "Nice to meet you."),
	MEMBER(post, author_id, T_UUID, OUT),
	MEMBER(post, published_at, T_TIME, OUT | OR_NULL,
	    .doc = "null: it is a draft"),
	MEMBER(post, relevance, T_INT, 0),
	MEMBER(post, version, T_INT, ETAG),
	MEMBER(post, created_at, T_TIME, OUT),
	MEMBER(post, updated_at, T_TIME, OUT),
	OBJECT(post, author, post_author, OUT | OPTIONAL),
};

static const struct member	post_content_members[] = {
	MEMBER(post_content, id, T_UUID, 0),
	MEMBER(post_content, content, T_STR, OR_NULL),
};

SCHEMA(post_author);
SCHEMA(post);
SCHEMA(post_content);

#define ITEM								\
	.fields = NAMES("id", "title", "author_id", "published_at",	\
	    "created_at", "updated_at"), .complete = posts_lists_complete

LIST_QUERY_FIELDS(posts, list, post, post_item, .sort = "-created_at", ITEM);
LIST_QUERY_AS(posts, search, post, .sort = "-relevance",
    .pages = &post_list_schema, .cursor = &post_cursor_list_schema,
    .both_ways = true, .item = &post_item_schema, ITEM,
    .total_max = &posts_settings.total_max, .estimate = posts_lists_estimate);

QUERIES(posts);
MIGRATION(0013_posts);
