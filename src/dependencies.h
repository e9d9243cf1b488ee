/* SPDX-License-Identifier: ISC */
/*
 * The dependencies of handlers: the signed-in user, their role, the user that
 * the path names.
 */

#ifndef SRC_DEPENDENCIES_H
#define SRC_DEPENDENCIES_H

#include "request/depend.h"

struct user;

/*
 * ROUTE rows declare these with .auth (dependencies.py in a FastAPI project).
 * Each reads the signed-in user from the database, for this request: a
 * deactivation, a new role or a revoked session takes effect at once. On a
 * route with PATH(user_id, T_UUID), the user that it names is read in the same
 * round trip.
 */

/* .auth = &signed_in: 401 unless the access token is good. */
extern const struct dependency	signed_in;

/* The same where a token may be left out: current_user_or_none(). */
extern const struct dependency	signed_in_or_none;

/*
 * The same for creating users: with REGISTRATION=closed, 403 unless an admin
 * does.
 */
extern const struct dependency	may_register;

/* .auth = require_role("admin", "staff"): 403 for everybody else. */
#define require_role(...)						\
	WITH_ROLES(require_role, resolve_role, NULL,			\
	    "For users with the role", __VA_ARGS__)

/* The same, but the user that the path names may do it as well. */
#define self_or_role(...)						\
	WITH_ROLES(self_or_role, resolve_self_or_role, "user_id",	\
	    "For the user with this id, and for users with the role",	\
	    __VA_ARGS__)

/*
 * Who may read users: admins or, with USER_DIRECTORY=authenticated, all
 * signed-in users. With self_or_directory, the user that the path names, too.
 */
extern const struct dependency	user_directory;
extern const struct dependency	self_or_directory;

/*
 * .also = &recently_confirmed, after one of the above: 403
 * CONFIRMATION_REQUIRED unless the user of this session has proved a short time
 * ago that they know the password, by signing in or by POST /auth/confirm. So a
 * stolen access token alone changes nothing that lasts. Where that depends on
 * the body, a service calls depend(c, &recently_confirmed), before it writes.
 */
extern const struct dependency	recently_confirmed;

/* The signed-in user. Raises ERR_INTERNAL if the row is public. */
const struct user	*current_user(struct ctx *);

/* The same with .auth = &signed_in_or_none: NULL when no token was sent. */
const struct user	*current_user_or_none(struct ctx *);

/* The user that the path names. Raises 404 `User not found`. */
const struct user	*target_user(struct ctx *) AWAITS;

#define WITH_ROLES(title, fn, param, text, ...)			\
	&(const struct dependency){					\
		.name = #title "(" #__VA_ARGS__ ")", .resolve = fn,	\
		.roles = (const char *const[]){ __VA_ARGS__, NULL },	\
		.path = param,						\
		.doc = text,						\
		.raises = RAISES(&ERR_UNAUTHORIZED, &ERR_FORBIDDEN),	\
	}

void	resolve_role(struct ctx *, const struct dependency *) AWAITS;
void	resolve_self_or_role(struct ctx *, const struct dependency *) AWAITS;

#endif
