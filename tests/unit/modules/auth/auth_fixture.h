/* SPDX-License-Identifier: ISC */
/* What the tests of sign-in share. */

#ifndef TESTS_MODULES_AUTH_AUTH_FIXTURE_H
#define TESTS_MODULES_AUTH_AUTH_FIXTURE_H

/*
 * One user, and repositories that note what they are asked and answer as the
 * test says. WRONG is refused before a hash is computed, so it costs nothing.
 */

#include "../users/users_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "modules/auth/auth_repository.h"
#include "utils/password.h"

#define TOKEN		"/api/v1/auth/token"
#define PASSWORD	ME "/password"
#define FORM		"content-type: application/x-www-form-urlencoded"
#define RIGHT		"Sunny-day-42"
/* By passlib, of RIGHT. */
#define OLD_HASH	"$2b$04$abcdefghijklmnopqrstuuE"	\
			"JbI7pev/aAjhIUOuk9J1nCO.aI1zgS"
#define NETWORK		"192.0.2.0/24"

static char		wrong[1100];	/* longer than any password */
static char		hash[PASSWORD_HASH_MAX];
static struct user	ada;

/* What the repositories answer. */
static struct {
	bool			 keeps_hash;	/* set_password changes none */
	bool			 refuses;	/* 100 attempts have failed */
	struct attempt_count	 count;
	struct opened		 opened;
	size_t			 changed;	/* rows of a statement */
	size_t			 over;		/* sessions that are too many */
} says;

/* "sessions.create", its parameters and whether the user was known. */
struct call {
	char	 name[40];
	char	 params[9][300];
	bool	 known;
};

static struct call	calls[300];
static size_t		ncalls;

static inline void
note(struct ctx *c, const char *file, const char *title,
    const char *const *params, size_t nparams)
{
	struct call	*call = &calls[ncalls++];
	size_t		 i;

	if (ncalls == sizeof(calls) / sizeof(calls[0]))
		abort();
	memset(call, 0, sizeof(*call));
	snprintf(call->name, sizeof(call->name), "%s.%s", file, title);
	for (i = 0; i < nparams; i++)
		snprintf(call->params[i], sizeof(call->params[i]), "%s",
		    params[i] != NULL ? params[i] : "(null)");
	call->known = c->is_known;
}

static inline void *
with_users(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	if (strcmp(title, "find_by_email") == 0) {
		*n = strcasecmp(params[0], ada.email) == 0;
		return (&ada);
	}
	if (strcmp(title, "drop_pending_email") == 0) {
		note(c, "users", title, params, 1);
		return (NULL);
	}
	if (strcmp(title, "set_password") != 0)
		raise_unknown(c, "users", title);
	note(c, "users", title, params, 3);
	*n = says.keeps_hash ? 0 : says.changed;
	return (NULL);
}

static inline void *
with_sessions(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "sessions", title, params, strcmp(title, "create") == 0 ? 8 :
	    strcmp(title, "limit") == 0 ? 4 : 2);
	*n = strcmp(title, "limit") == 0 ? says.over : says.changed;
	return (strcmp(title, "create") == 0 ? &says.opened : NULL);
}

static inline void *
with_audit(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "audit", title, params, 9);
	*n = 1;
	return (NULL);
}

static inline void *
with_jobs(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	(void)from;
	note(c, "jobs", title, params, 5);
	*n = 1;
	return (NULL);
}

static inline void *
with_sign_ins(struct ctx *c, const char *title, const void *from,
    const char *const *params, size_t *n)
{
	bool	 counts = strcmp(title, "count_attempt") == 0;

	(void)from;
	note(c, "sign_ins", title, params, counts ? 4 :
	    strcmp(title, "forget_networks") == 0 ? 2 : 1);
	*n = counts ? !says.refuses : says.changed;
	return (counts ? &says.count : NULL);
}

/* The calls of one query; the last one's parameters. */
static inline size_t
called(const char *name)
{
	size_t	 i, n = 0;

	for (i = 0; i < ncalls; i++)
		n += strcmp(calls[i].name, name) == 0;
	return (n);
}

static inline const struct call *
last_call(const char *name)
{
	size_t	 i;

	for (i = ncalls; i > 0; i--) {
		if (strcmp(calls[i - 1].name, name) == 0)
			return (&calls[i - 1]);
	}
	fail_msg("%s is not called", name);
	return (NULL);
}

static inline void
replace_all(const char *handler)
{
	override_repository("users", with_users, handler);
	override_repository("sessions", with_sessions, handler);
	override_repository("sign_ins", with_sign_ins, handler);
	override_repository("audit", with_audit, handler);
	override_repository("jobs", with_jobs, handler);
}

static inline int
auth_start(void **state)
{
	memset(wrong, 'x', sizeof(wrong) - 1);
	return (client_start(state) == 0 ? password_hash(RIGHT, hash) : -1);
}

static inline int
auth_setup(void **state)
{
	ada = people[0];
	ada.hashed_password = hash;
	memset(&says, 0, sizeof(says));
	says.changed = 1;
	ncalls = 0;
	replace_all("create_token");
	replace_all("log_in");
	replace_all("change_password");
	return (client_setup(state));
}

#define AUTH_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, auth_setup, client_teardown)

#endif
