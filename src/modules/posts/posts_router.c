/* SPDX-License-Identifier: ISC */
/* The endpoints of posts (router.py in a FastAPI project). */

#include <string.h>

#include "dependencies.h"
#include "http/respond.h"
#include "http/routes.h"
#include "modules/posts/posts.h"
#include "modules/users/users.h"

ROUTER(posts, "Write, read, publish, list and search posts.");

/* The post that the path names. */
static AWAITS const struct post *
target_post(struct ctx *c)
{
	return (posts_service_get(c, path_param(c, "post_id"),
	    current_user_or_none(c)));
}

/* The same, for its author and admins. */
static AWAITS const struct post *
own_post(struct ctx *c)
{
	return (posts_service_get_own(c, path_param(c, "post_id"),
	    current_user(c)));
}

/* The post, with its author if ?expand asks for that. */
static AWAITS const struct post *
shown(struct ctx *c, const struct post *post)
{
	return (query_param(c, "expand") == NULL ? post :
	    posts_lists_with_author(c, post));
}

static AWAITS const char *
precondition(struct ctx *c, const struct post *post)
{
	return (post_precondition(c, shown(c, post)));
}

/*
 * Only admins read the drafts of others. For anybody else, ?published=false is
 * a list of their own drafts, which the index of authors finds. A stranger has
 * none: no user has the id 0.
 */
static const char *
author_of_drafts(struct ctx *c)
{
	const char	*published = query_param(c, "published");

	if (published == NULL || strchr("fF0", *published) == NULL)
		return (NULL);
	return (c->user_id != NULL ? c->user_id :
	    "00000000-0000-0000-0000-000000000000");
}

/* The ends of the ranges, which both lists are given. */
#define TIMES								\
	query_time(c, "created_since"), query_time(c, "created_until"),	\
	query_time(c, "published_since"), query_time(c, "published_until")

/* Both lists have the same filters; a search has the best match first. */
static AWAITS void
respond_list(struct ctx *c, const char *author_id)
{
	const struct user	*viewer = current_user_or_none(c);
	const char		*sees_all;

	sees_all = db_bool(posts_service_sees_all(viewer));
	if (author_id == NULL && !posts_service_sees_all(viewer))
		author_id = author_of_drafts(c);
	if (query_param(c, "q") != NULL)
		posts_search_respond(c, c->user_id, sees_all, author_id, TIMES);
	else
		posts_list_respond(c, c->user_id, sees_all, author_id, TIMES);
}

static void
list_posts(struct ctx *c)
{
	respond_list(c, query_param(c, "author_id"));
}

static void
list_posts_of_user(struct ctx *c)
{
	respond_list(c, target_user(c)->id);
}

/*
 * Writes respond before they commit: then an error, such as no memory for a
 * long content, or no author because the database is gone, means that nothing
 * was written.
 */
static void
create_post(struct ctx *c)
{
	const struct post	*in = post_create_body(c);
	const struct user	*author = current_user(c);

	db_begin(c);
	post_respond_created(c, shown(c, posts_service_create(c, in,
	    author)));
	db_commit(c);
}

static void
read_post(struct ctx *c)
{
	post_respond(c, shown(c, target_post(c)));
}

static AWAITS void
update(struct ctx *c, const struct post_update *in)
{
	const struct post	*post = own_post(c);
	const char		*version = precondition(c, post);

	db_begin(c);
	post_respond(c, shown(c, posts_service_update(c, post, in,
	    version)));
	db_commit(c);
}

static void
update_post(struct ctx *c)
{
	update(c, post_update_body(c));
}

static void
replace_post(struct ctx *c)
{
	update(c, post_replace_body(c));
}

static void
delete_post(struct ctx *c)
{
	const struct post	*post = own_post(c);

	posts_service_delete(c, post, precondition(c, post));
	respond_empty(c, 204);
}

static AWAITS void
set_published(struct ctx *c, bool published)
{
	const struct post	*post = own_post(c);
	const char		*version = precondition(c, post);

	db_begin(c);
	post_respond(c, shown(c, posts_service_set_published(c, post,
	    published, version)));
	db_commit(c);
}

static void
publish_post(struct ctx *c)
{
	set_published(c, true);
}

static void
unpublish_post(struct ctx *c)
{
	set_published(c, false);
}

/*
 * The 100,000 characters of a content, each of which JSON may write with 12
 * bytes (a surrogate pair), and the rest.
 */
#define BODY_MAX	1310720

#define EXAMPLE_USER	"0192f1c4-7a10-7c3e-9b1a-3f0c8d2e4b55"
#define EXPAND								\
	PARAM(expand, "Shows the id and the name of the author, too.")
#define LIST_PARAMS							\
	PAGE_PARAMS, CURSOR_PARAMS("-created_at, or -relevance with q,"), \
	PARAM(published, "true: only published posts; false: only drafts."), \
	PARAM(q, "Only posts that match this search: words, \"a "	\
	    "phrase\", this or that, -without.", .example = "hello"),	\
	PARAM(created_since, "Only posts written from this time on.",	\
	    .example = "2026-01-31T12:00:00Z"),				\
	PARAM(created_until, "Only posts written before this time.",	\
	    .example = "2036-01-31T12:00:00Z"),				\
	PARAM(published_since, "Only posts published from this time on.", \
	    .example = "2026-01-31T12:00:00Z"),				\
	PARAM(published_until, "Only posts published before this time.", \
	    .example = "2036-01-31T12:00:00Z"),				\
	PARAM(fields, "The fields of each item, separated by commas. "	\
	    "Without it: all but content and author.",			\
	    .example = "id,title"),					\
	EXPAND

ROUTE(posts_collection,
    LIST_PARAMS,
    PARAM(author_id, "Only posts of this user.", .example = EXAMPLE_USER),
    GET(list_posts, .auth = &signed_in_or_none, .out = &post_list_schema,
	.out_cursor = &post_cursor_list_schema,
	.doc = "List or search posts: published ones, and your drafts."),
    POST(create_post, .auth = &signed_in, .in = &post_create_schema,
	.body_max = BODY_MAX, .out = &post_schema, .status = 201,
	.idempotent = true, .doc = "Write a post."));

ROUTE(posts_of_user,
    PATH(user_id, T_UUID), LIST_PARAMS,
    GET(list_posts_of_user, .auth = &signed_in_or_none,
	.out = &post_list_schema, .out_cursor = &post_cursor_list_schema,
	.raises = RAISES(&ERR_NOT_FOUND),
	.doc = "List or search the posts of a user."));

ROUTE(posts_item,
    PATH(post_id, T_UUID), EXPAND,
    GET(read_post, .auth = &signed_in_or_none, .out = &post_schema,
	.raises = RAISES(&ERR_NOT_FOUND), .doc = "Read a post."),
    PATCH(update_post, .auth = &signed_in, .in = &post_update_schema,
	.body_max = BODY_MAX, .out = &post_schema, .if_match = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND),
	.doc = "Change some fields of a post."),
    PUT(replace_post, .auth = &signed_in, .in = &post_replace_schema,
	.body_max = BODY_MAX, .out = &post_schema, .if_match = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND),
	.doc = "Replace all fields of a post."),
    DELETE(delete_post, .auth = &signed_in, .status = 204, .if_match = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND),
	.doc = "Delete a post."));

ROUTE(posts_publish,
    PATH(post_id, T_UUID), EXPAND,
    POST(publish_post, .auth = &signed_in, .out = &post_schema,
	.if_match = true, .idempotent = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND),
	.doc = "Publish a post; one that is published keeps its time."));

ROUTE(posts_unpublish,
    PATH(post_id, T_UUID), EXPAND,
    POST(unpublish_post, .auth = &signed_in, .out = &post_schema,
	.if_match = true, .idempotent = true,
	.raises = RAISES(&ERR_FORBIDDEN, &ERR_NOT_FOUND),
	.doc = "Make a post a draft again."));
