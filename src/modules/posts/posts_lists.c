/* SPDX-License-Identifier: ISC */
/*
 * What the posts of a list show besides their own row. One statement reads it
 * for all of them.
 */

#include <string.h>

#include "dependencies.h"
#include "http/routes.h"
#include "modules/posts/posts_repository.h"

/* Bytes that the contents of a page may have together; one always fits. */
#define CONTENTS_MAX	"524288"

/* The ids of the posts, or of their authors, as the text of an array. */
static const char *
join_ids(struct ctx *c, const struct post *posts, size_t n, bool of_authors)
{
	struct text	 t = arena_text(&c->arena);
	size_t		 i;

	for (i = 0; i < n; i++)
		text_printf(&t, "%c%s", i == 0 ? '{' : ',', of_authors ?
		    posts[i].author_id : posts[i].id);
	text_puts(&t, n == 0 ? "{}" : "}");
	if (t.cut)
		raise_error(c, &ERR_UNAVAILABLE, "Out of memory");
	return (t.data);
}

static const struct post_author *
find_author(const struct post_author *authors, size_t n, const char *id)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (strcmp(authors[i].id, id) == 0)
			return (&authors[i]);
	}
	return (NULL);
}

/* Keeps the posts that have an author: with a user, their posts are deleted. */
static AWAITS size_t
set_authors(struct ctx *c, struct post *posts, size_t n)
{
	const struct post_author	*authors;
	size_t				 nauthors, i, kept = 0;

	authors = posts_repository_authors(c, join_ids(c, posts, n, true),
	    &nauthors);
	for (i = 0; i < n; i++) {
		posts[kept] = posts[i];
		posts[kept].author = find_author(authors, nauthors,
		    posts[i].author_id);
		kept += posts[kept].author != NULL;
	}
	return (kept);
}

static const struct post_content *
find_content(const struct post_content *contents, size_t n, const char *id)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (strcmp(contents[i].id, id) == 0)
			return (&contents[i]);
	}
	return (NULL);
}

/* Keeps the posts that have been neither deleted nor hidden meanwhile. */
static AWAITS size_t
set_contents(struct ctx *c, struct post *posts, size_t n)
{
	const struct user		*viewer = current_user_or_none(c);
	const struct post_content	*contents, *found;
	size_t				 ncontents, i, kept = 0;

	contents = posts_repository_contents(c, join_ids(c, posts, n, false),
	    c->user_id, db_bool(posts_service_sees_all(viewer)), CONTENTS_MAX,
	    &ncontents);
	for (i = 0; i < n; i++) {
		found = find_content(contents, ncontents, posts[i].id);
		if (found == NULL)
			continue;
		if (found->content == NULL)
			raise_invalid(c, "query.limit", "out_of_range",
			    "The contents of these posts have more than "
			    CONTENTS_MAX " bytes together: ask for fewer "
			    "posts, or leave content out of fields");
		posts[kept] = posts[i];
		posts[kept++].content = found->content;
	}
	return (kept);
}

size_t
posts_lists_complete(struct ctx *c, void *posts, size_t n,
    const char *const *shown)
{
	if (n > 0 && names_have(shown, "content"))
		n = set_contents(c, posts, n);
	if (n > 0 && names_have(shown, "author"))
		n = set_authors(c, posts, n);
	return (n);
}

struct post *
posts_lists_with_author(struct ctx *c, const struct post *post)
{
	struct post	*copy = ctx_alloc(c, sizeof(*copy));

	*copy = *post;
	if (posts_lists_complete(c, copy, 1, NAMES("author")) == 0)
		raise_error(c, &ERR_NOT_FOUND, POST_NOT_FOUND);
	return (copy);
}

int64_t
posts_lists_estimate(struct ctx *c, const char *const *given)
{
	const char	*sees_all = given[1];	/* after viewer_id */

	return (posts_repository_estimate(c, query_param(c, "q"), sees_all));
}
