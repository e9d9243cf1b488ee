/* SPDX-License-Identifier: ISC */
/* The rules of posts (service.py in a FastAPI project). */

#include <string.h>

#include "http/conditional.h"
#include "modules/posts/posts_repository.h"
#include "modules/users/users.h"

bool
posts_service_sees_all(const struct user *viewer)
{
	return (viewer != NULL && strcmp(viewer->role, "admin") == 0);
}

/* Its author and admins read its draft, and change it. */
static bool
is_theirs(const struct post *post, const struct user *user)
{
	return (user != NULL && (posts_service_sees_all(user) ||
	    strcmp(post->author_id, user->id) == 0));
}

struct post *
posts_service_create(struct ctx *c, const struct post *in,
    const struct user *author)
{
	return (posts_repository_create(c, in, db_uuid(c), author->id,
	    posts_settings.language, db_bool(in->published)));
}

struct post *
posts_service_get(struct ctx *c, const char *id, const struct user *viewer)
{
	struct post	*post = posts_repository_find(c, id);

	if (post == NULL || (post->published_at == TIME_NULL &&
	    !is_theirs(post, viewer)))
		raise_error(c, &ERR_NOT_FOUND, POST_NOT_FOUND);
	return (post);
}

struct post *
posts_service_get_own(struct ctx *c, const char *id, const struct user *actor)
{
	struct post	*post = posts_service_get(c, id, actor);

	if (!is_theirs(post, actor))
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");
	return (post);
}

struct post *
posts_service_update(struct ctx *c, const struct post *post,
    const struct post_update *in, const char *version)
{
	struct post	*written;

	written = posts_repository_update(c, in, post->id, version);
	if (written == NULL)
		raise_gone(c, version, POST_NOT_FOUND);
	return (written);
}

struct post *
posts_service_set_published(struct ctx *c, const struct post *post,
    bool published, const char *version)
{
	struct post_update	 change = { .to.published = published };

	SET(&change, to.published);
	return (posts_service_update(c, post, &change, version));
}

void
posts_service_delete(struct ctx *c, const struct post *post,
    const char *version)
{
	if (posts_repository_delete(c, post->id, version) == 0)
		raise_gone(c, version, POST_NOT_FOUND);
}
