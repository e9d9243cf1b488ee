/* SPDX-License-Identifier: ISC */
/* What the tests of bodies share. */

#ifndef TESTS_SCHEMA_BODY_FIXTURE_H
#define TESTS_SCHEMA_BODY_FIXTURE_H

/* A resource of each type, and a form. */

#include "request/request_fixture.h"

#include <jansson.h>

#include <stdlib.h>

#include "base/mem.h"
#include "fakes/kore_fake.h"
#include "http/routes.h"

struct thing {
	const char	*name;
	const char	*kind;
	const char	*note;
	const char	*owner;
	bool		 active;
	int64_t		 count;
};

struct login {
	const char	*username;
	const char	*password;
	const char	*grant_type;
	const char	*scope;
};

SCHEMA_BODY(thing);
SCHEMA_FORM(login);

static const struct member	thing_members[] = {
	MEMBER(thing, name, T_STR, OUT | REQUIRED, .validator = "b_name"),
	MEMBER(thing, kind, T_STR, OUT, .validator = "b_kind",
	    .fallback = "plain"),
	MEMBER(thing, note, T_STR, OUT),
	MEMBER(thing, owner, T_UUID, OUT),
	MEMBER(thing, active, T_BOOL, OUT),
	MEMBER(thing, count, T_INT, OUT, .validator = "b_count"),
};

SCHEMA(thing);

static const struct member	login_members[] = {
	MEMBER(login, username, T_STR, REQUIRED, .validator = "b_name"),
	MEMBER(login, password, T_STR, REQUIRED | SECRET),
	MEMBER(login, grant_type, T_STR, 0, .validator = "b_kind",
	    .fallback = "plain"),
	MEMBER(login, scope, T_STR, 0),
};

SCHEMA(login);

static struct endpoint	row = { .name = "a_handler" };
static bool		coded;		/* the body of send_bytes() */

/* Does the work of main.c and kore.conf. */
static inline int
configure(void **state)
{
	const char	*problem;

	(void)state;
	json_set_alloc_funcs(mem_reserve_alloc, mem_reserve_free);
	fake_validator("b_name", "^.{1,10}$", NULL);
	fake_validator("b_kind", "^(plain|fancy)$", NULL);
	fake_validator("b_count", "^-?[0-9]{1,3}$", NULL);
	if ((problem = schemas_init()) != NULL)
		fprintf(stderr, "%s\n", problem);
	return (problem == NULL ? 0 : -1);
}

/* Sends a request with that body, in a block of its own size. */
static inline const char *
send_bytes(void (*fn)(struct ctx *), const char *type, const char *body,
    size_t len, unsigned fail_at)
{
	const char	*outcome;
	char		*copy;

	request_begin();
	copy = malloc(len + 1);
	memcpy(copy, body, len);
	copy[len] = '\0';
	request.endpoint = &row;
	request.content_type = type;
	request.coded = coded;
	request.body = copy;
	request.body_len = len;
	request.faults.countdown[FAULT_ALLOC] = fail_at;
	outcome = request_run(fn);
	/* Nothing that was read points into the copy, or into jansson's. */
	memset(copy, 'x', len);
	free(copy);
	return (outcome);
}

#endif
