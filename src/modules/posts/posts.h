/* SPDX-License-Identifier: ISC */
/* Posts: write, read, change, publish, delete, list, search. */

#ifndef MODULES_POSTS_H
#define MODULES_POSTS_H

#include "database/list.h"

struct user;

/* posts_models.c */

/* The author as others see them: nobody's address. */
struct post_author {
	const char	*id;
	const char	*name;
	int64_t		 version;
};

struct post {
	const char			*id;
	const char			*title;
	const char			*content;
	const char			*author_id;
	int64_t				 published_at;	/* TIME_NULL: a draft */
	int64_t				 relevance;	/* of a search */
	int64_t				 version;
	int64_t				 created_at;
	int64_t				 updated_at;
	const struct post_author	*author;	/* NULL: not shown */
	bool				 published;	/* only in a body */
};

SCHEMA_RESPONSE(post, post);
SCHEMA_DECLARE(post_author, post_author);
SCHEMA_DECLARE(post_item, post);		/* of a list */
SCHEMA_BODY_OF(post_create, post);
SCHEMA_UPDATE_BODY(post_update, post);		/* PATCH */
SCHEMA_BODY_OF(post_replace, post_update);	/* PUT */
LISTS(posts, list, post, viewer_id, sees_all, author_id, created_since,
    created_until, published_since, published_until);
LISTS(posts, search, post, viewer_id, sees_all, author_id, created_since,
    created_until, published_since, published_until);

/* posts_settings.c: filled at the start */

struct posts_settings {
	const char	*language;	/* of new posts */
	unsigned	 total_max;	/* of a search */
};

extern struct posts_settings	posts_settings;

/* posts_service.c */

/* Does the viewer, who may be NULL, see the drafts of all users? */
bool		 posts_service_sees_all(const struct user *viewer);

struct post	*posts_service_create(struct ctx *, const struct post *in,
		    const struct user *author) AWAITS;

/*
 * The post, if the viewer may read it: everybody may if it is published, its
 * author and admins if it is a draft. Else raises ERR_NOT_FOUND. The viewer may
 * be NULL: a stranger.
 */
struct post	*posts_service_get(struct ctx *, const char *id,
		    const struct user *viewer) AWAITS;

/*
 * The same for a change, which only its author and admins may make: raises
 * ERR_FORBIDDEN for others who may read it.
 */
struct post	*posts_service_get_own(struct ctx *, const char *id,
		    const struct user *actor) AWAITS;

/*
 * These change what `in` has set, set or clear published_at, and delete the
 * post. version is the result of post_precondition(). They raise
 * ERR_PRECONDITION_FAILED if the post has another version by now, and
 * ERR_NOT_FOUND if it is gone.
 */
struct post	*posts_service_update(struct ctx *, const struct post *,
		    const struct post_update *in, const char *version) AWAITS;
struct post	*posts_service_set_published(struct ctx *, const struct post *,
		    bool published, const char *version) AWAITS;
void		 posts_service_delete(struct ctx *, const struct post *,
		    const char *version) AWAITS;

/* posts_lists.c */

/*
 * For a response that shows these members: sets the contents, and the authors,
 * of n posts, with one statement for each. Returns the number of posts that are
 * still there, and not hidden; the others are removed. Raises 422 if the
 * contents are too large for one response.
 */
size_t		 posts_lists_complete(struct ctx *, void *posts, size_t n,
		    const char *const *shown) AWAITS;

/* A copy of the post with its author. Raises ERR_NOT_FOUND if they are gone. */
struct post	*posts_lists_with_author(struct ctx *, const struct post *)
		    AWAITS;

/*
 * About how many posts a search finds. given has the parameters of
 * posts_search, in the order of its LISTS.
 */
int64_t		 posts_lists_estimate(struct ctx *, const char *const *given)
		    AWAITS;

#endif
