/* SPDX-License-Identifier: ISC */
/* The statements on users, and those of commands. */

#include <inttypes.h>
#include <stdio.h>

#define DEFINE_QUERIES
#include "modules/users/users_repository.h"
#include "utils/uuid.h"

QUERIES(users);

QUERY(users, create_admin, none, id, email, hashed_password, record_id);
QUERY(users, find_like, user, part, limit);
QUERY(users, set_role, role_change, email, role, record_id, job_id);

const char *
users_repository_create_admin(const char *email, const char *hashed_password,
    bool *created)
{
	char		 id[UUID_TEXT], record_id[UUID_TEXT];
	const char	*problem;
	int64_t		 rows = 0;

	if (!uuid_v7(id) || !uuid_v7(record_id))
		return ("no randomness");
	problem = db_exec_now(users_create_admin, &rows, id, email,
	    hashed_password, record_id);
	*created = rows == 1;
	return (problem);
}

struct user *
users_repository_list_now(const char *part, int64_t limit, size_t *n,
    const char **problem)
{
	char	 most[24];

	snprintf(most, sizeof(most), "%" PRId64, limit);
	return (db_many_now(users_find_like, n, problem, part, most));
}

struct role_change *
users_repository_set_role_now(const char *email, const char *role, size_t *n,
    const char **problem)
{
	char	 record_id[UUID_TEXT], job_id[UUID_TEXT];

	if (!uuid_v7(record_id) || !uuid_v7(job_id)) {
		*problem = "no randomness";
		return (NULL);
	}
	return (db_many_now(users_set_role, n, problem, email, role, record_id,
	    job_id));
}

struct user *
users_repository_find_now(const char *email, const char **problem)
{
	struct user	*user;
	size_t		 n = 0;

	user = db_many_now(users_find_by_email, &n, problem, email);
	return (n == 1 ? user : NULL);
}
