/* SPDX-License-Identifier: ISC */
/* The dependencies of handlers: the signed-in user and their rights. */

#include <string.h>

#include "config.h"
#include "dependencies.h"
#include "http/routes.h"
#include "middleware/middleware.h"
#include "modules/auth/auth.h"
#include "modules/users/users.h"
#include "product.h"
#include "utils/jwt.h"

static void	resolve_user(struct ctx *, const struct dependency *) AWAITS;
static void	resolve_user_or_none(struct ctx *, const struct dependency *)
		    AWAITS;
static void	resolve_registration(struct ctx *, const struct dependency *)
		    AWAITS;
static void	resolve_directory(struct ctx *, const struct dependency *)
		    AWAITS;
static void	resolve_self_or_directory(struct ctx *,
		    const struct dependency *) AWAITS;
static void	resolve_confirmed(struct ctx *, const struct dependency *)
		    AWAITS;

const struct dependency	signed_in = {
	.name = "signed_in", .resolve = resolve_user,
	.doc = "For signed-in users",
	.raises = RAISES(&ERR_UNAUTHORIZED),
};

const struct dependency	signed_in_or_none = {
	.name = "signed_in_or_none", .resolve = resolve_user_or_none,
	.doc = "For everybody, signed in or not", .optional = true,
	.raises = RAISES(&ERR_UNAUTHORIZED),
};

const struct dependency	may_register = {
	.name = "may_register", .resolve = resolve_registration,
	.roles = (const char *const[]){ "admin", NULL }, .optional = true,
	.doc = "For everybody, signed in or not. If " ENV("REGISTRATION")
	    "=closed, only for users with the role",
	.raises = RAISES(&ERR_UNAUTHORIZED, &ERR_REGISTRATION_CLOSED),
};

const struct dependency	user_directory = {
	.name = "user_directory", .resolve = resolve_directory,
	.roles = (const char *const[]){ "admin", NULL },
	.doc = "For all signed-in users if " ENV("USER_DIRECTORY")
	    "=authenticated, otherwise for users with the role",
	.raises = RAISES(&ERR_UNAUTHORIZED, &ERR_FORBIDDEN),
};

const struct dependency	self_or_directory = {
	.name = "self_or_directory", .resolve = resolve_self_or_directory,
	.roles = (const char *const[]){ "admin", NULL },
	.path = "user_id",
	.doc = "For all signed-in users if " ENV("USER_DIRECTORY")
	    "=authenticated, otherwise for the user with this id, and for "
	    "users with the role",
	.raises = RAISES(&ERR_UNAUTHORIZED, &ERR_FORBIDDEN),
};

const struct dependency	recently_confirmed = {
	.name = "recently_confirmed", .resolve = resolve_confirmed,
	.doc = "The session must have been confirmed a short time ago, by a "
	    "sign-in or with " AUTH_CONFIRM_PATH,
	.raises = RAISES(&ERR_CONFIRMATION_REQUIRED),
};

static void
resolve_user(struct ctx *c, const struct dependency *d)
{
	const struct jwt_claims	*claims;

	(void)d;
	if ((claims = auth_claims(c)) == NULL)
		auth_raise(c);
	c->user = users_service_find_signed_in(c, claims->sub, claims->sid,
	    path_param(c, "user_id"), &c->target);
	if (c->user == NULL)
		auth_raise(c);
	c->user_id = c->user->id;
	c->session_id = claims->sid;
	auth_usage_note(c);
}

static void
resolve_user_or_none(struct ctx *c, const struct dependency *d)
{
	(void)d;
	if (auth_bearer_token(c) != NULL)
		depend(c, &signed_in);
}

static bool
has_role(const struct ctx *c, const struct dependency *d)
{
	size_t	 i;

	for (i = 0; d->roles[i] != NULL; i++) {
		if (strcmp(c->user->role, d->roles[i]) == 0)
			return (true);
	}
	return (false);
}

static void
resolve_registration(struct ctx *c, const struct dependency *d)
{
	depend(c, &signed_in_or_none);
	if (config.registration == REGISTRATION_CLOSED &&
	    (c->user == NULL || !has_role(c, d)))
		raise_error(c, &ERR_REGISTRATION_CLOSED,
		    "Registration is closed");
}

/* True for an invalid id too: the response is then a 422, not a 403. */
static bool
is_self(const struct ctx *c)
{
	const char	*id = path_param(c, "user_id");

	if (id == NULL)
		return (c->error.details != NULL);
	return (strcmp(id, c->user->id) == 0);
}

static void
require(struct ctx *c, bool allowed)
{
	if (!allowed)
		raise_error(c, &ERR_FORBIDDEN, "Insufficient permissions");
}

void
resolve_role(struct ctx *c, const struct dependency *d)
{
	depend(c, &signed_in);
	require(c, has_role(c, d));
}

void
resolve_self_or_role(struct ctx *c, const struct dependency *d)
{
	depend(c, &signed_in);
	require(c, is_self(c) || has_role(c, d));
}

static void
resolve_directory(struct ctx *c, const struct dependency *d)
{
	depend(c, &signed_in);
	require(c, config.user_directory == DIRECTORY_AUTHENTICATED ||
	    has_role(c, d));
}

static void
resolve_self_or_directory(struct ctx *c, const struct dependency *d)
{
	depend(c, &signed_in);
	require(c, config.user_directory == DIRECTORY_AUTHENTICATED ||
	    is_self(c) || has_role(c, d));
}

static void
resolve_confirmed(struct ctx *c, const struct dependency *d)
{
	(void)d;
	if (!auth_service_is_confirmed(c))
		raise_error(c, &ERR_CONFIRMATION_REQUIRED, "Confirm this "
		    "session with your password first: POST "
		    AUTH_CONFIRM_PATH);
}

const struct user *
current_user(struct ctx *c)
{
	if (c->user == NULL)
		raise_error(c, &ERR_INTERNAL, "%s asks who is signed in, and "
		    "its row has no .auth = &signed_in", c->endpoint->name);
	return (c->user);
}

const struct user *
current_user_or_none(struct ctx *c)
{
	return (c->user);
}

const struct user *
target_user(struct ctx *c)
{
	/* No user has that id, or an override of signed_in did not read it. */
	if (c->target == NULL)
		c->target = users_service_get_by_id(c, path_param(c,
		    "user_id"));
	if (c->target == NULL)
		raise_error(c, &ERR_NOT_FOUND, "User not found");
	return (c->target);
}
