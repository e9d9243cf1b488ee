/* SPDX-License-Identifier: ISC */
/* Users' passwords, and who may sign in. */

#include "middleware/middleware.h"
#include "modules/users/users_repository.h"
#include "utils/password_personal.h"

bool
users_service_may_be_known(const struct user *user)
{
	return (user->email_verified ||
	    users_settings.taken_emails == TAKEN_TOLD);
}

bool
users_service_may_sign_in(const struct user *user)
{
	return (user->is_active && users_service_may_be_known(user));
}

static AWAITS enum password_verdict
check(struct ctx *c, const struct user *user, const char *password)
{
	return (user == NULL ? passwords_verify(c, password, NULL, NULL) :
	    passwords_verify(c, password, user->hashed_password, user->id));
}

bool
users_service_check_password(struct ctx *c, const struct user *user,
    const char *password)
{
	return (check(c, user, password) != PASSWORD_WRONG);
}

bool
users_service_verify_password(struct ctx *c, struct user *user,
    const char *password)
{
	enum password_verdict	 verdict = check(c, user, password);
	const char		*hash;

	if (verdict == PASSWORD_RIGHT_REHASH) {
		hash = passwords_rehash(c, password);
		if (users_service_set_password(c, user, hash))
			user->hashed_password = hash;
	}
	return (verdict != PASSWORD_WRONG);
}

const char *
users_service_password_problem(const struct user *user, const char *password)
{
	if (!password_is_personal(password, user->email, user->name) &&
	    !password_is_personal(password, user->pending_email, NULL))
		return (NULL);
	return ("Password must not be your name or e-mail address");
}

const char *
users_service_hash_password(struct ctx *c, const struct user *user,
    const char *password, const char *field)
{
	const char	*problem;

	problem = users_service_password_problem(user, password);
	if (problem != NULL)
		raise_invalid(c, field, "too_personal", "%s", problem);
	return (passwords_hash(c, password, field));
}

void
users_service_reset_password(struct ctx *c, const struct user *user,
    const char *hashed_password, bool verified)
{
	users_repository_reset_password(c, user->id, hashed_password,
	    db_bool(verified));
}

bool
users_service_set_password(struct ctx *c, const struct user *user,
    const char *hashed_password)
{
	return (users_repository_set_password(c, user->id,
	    user->hashed_password, hashed_password) == 1);
}
