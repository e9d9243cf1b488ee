/* SPDX-License-Identifier: ISC */
/* The statements on users. */

#define DEFINE_QUERIES
#include "modules/users/users_repository.h"

QUERIES(users);

struct user *
users_repository_find_now(const char *email_key, const char **problem)
{
	struct user	*user;
	size_t		 n = 0;

	user = db_many_now(users_find_by_email, &n, problem, email_key);
	return (n == 1 ? user : NULL);
}
