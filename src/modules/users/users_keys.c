/* SPDX-License-Identifier: ISC */
/* Users by the keys of their addresses. */

#include "middleware/middleware.h"
#include "modules/users/users_repository.h"
#include "utils/email.h"

const char *
users_service_email_key(struct ctx *c, const char *email)
{
	char	*key = ctx_alloc(c, EMAIL_KEY_MAX);

	return (email_key(email, key, EMAIL_KEY_MAX) ? key : NULL);
}

struct user *
users_service_find_by_email(struct ctx *c, const char *email)
{
	const char	*key = users_service_email_key(c, email);

	return (key != NULL ? users_repository_find_by_email(c, key) : NULL);
}

const struct user *
users_service_find_now(const char *email, const char **problem)
{
	char	 key[EMAIL_KEY_MAX];

	if (!email_key(email, key, sizeof(key)))
		return (NULL);
	return (users_repository_find_now(key, problem));
}
