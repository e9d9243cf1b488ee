/* SPDX-License-Identifier: ISC */
/* What the tests of users share. */

#ifndef TESTS_MODULES_USERS_USERS_FIXTURE_H
#define TESTS_MODULES_USERS_USERS_FIXTURE_H

/* Three users, and dependencies that sign each in without a session. */

#include "client.h"

#include <string.h>

#include "config.h"
#include "dependencies.h"
#include "modules/users/users.h"

#define ADA	"017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define STAN	"017f22e2-79b0-7cc3-98c4-dc0c0c073990"
#define ROOT	"017f22e2-79b0-7cc3-98c4-dc0c0c073991"
#define NOBODY	"017f22e2-79b0-7cc3-98c4-dc0c0c073992"

#define USERS	"/api/v1/users"
#define ME	USERS "/me"

#define HASH	"$argon2id$of-nobody"
#define MIDDAY	INT64_C(1767268800000000)	/* 2026-01-01T12:00:00Z */

#define USER(i, n, r, v)						\
	{ .id = i, .email = n "@example.com", .name = n, .role = r,	\
	  .hashed_password = HASH, .is_active = true, .version = v,	\
	  .created_at = MIDDAY, .updated_at = MIDDAY }

static struct user	people[] = {
	USER(ADA, "ada", "user", 7),
	USER(STAN, "stan", "staff", 1),
	USER(ROOT, "root", "admin", 3),
};

#define NPEOPLE	(sizeof(people) / sizeof(people[0]))

/* The audit log takes everything. */
static inline void *
auditing(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	(void)c;
	(void)title;
	(void)params;
	*n = 1;
	return (NULL);
}

static inline void
as_ada(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &people[0];
}

static inline void
as_staff(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &people[1];
}

static inline void
as_admin(struct ctx *c, const struct dependency *d)
{
	(void)d;
	c->user = &people[2];
}

/* Overrides recently_confirmed: the session is. */
static inline void
confirmed(struct ctx *c, const struct dependency *d)
{
	(void)c;
	(void)d;
}

/* The row of people[] with that id. */
static inline void *
find_person(const char *id, size_t *n)
{
	size_t	 i;

	*n = 0;
	for (i = 0; i < NPEOPLE; i++) {
		if (strcmp(people[i].id, id) == 0) {
			*n = 1;
			return (&people[i]);
		}
	}
	return (NULL);
}

/* What an override raises for a query that it does not know. */
static inline void
raise_unknown(struct ctx *c, const char *file, const char *title)
{
	raise_error(c, &ERR_INTERNAL, "%s.%s is not replaced", file, title);
}

#endif
