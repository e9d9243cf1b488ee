/* SPDX-License-Identifier: ISC */
/* Query files that a test writes, and the structs that they are about. */

#ifndef TESTS_LOAD_FIXTURE_H
#define TESTS_LOAD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/database.h"
#include "database/list.h"

struct item;

struct user {
	const char		*id;
	const char		*email;
	const char		*name;
	bool			 is_active;
	int64_t			 version;
	int64_t			 created_at;
	const char		*bio;
	const char		*site;
	const char		*details;
	const struct item	*items;
	size_t			 items_count;
	const struct item	*best;
};

struct item {
	const char	*id;
};

SCHEMA_DECLARE(item, item);
SCHEMA_DECLARE(user, user);

static const struct member	item_members[] = {
	MEMBER(item, id, T_UUID, OUT),
};

static const struct member	user_members[] = {
	MEMBER(user, id, T_UUID, OUT),
	MEMBER(user, email, T_STR, OUT),
	MEMBER(user, name, T_STR, 0),
	MEMBER(user, is_active, T_BOOL, OUT),
	MEMBER(user, version, T_INT, ETAG),
	MEMBER(user, created_at, T_TIME, OUT),
	LIST(user, items, item),
	MEMBER(user, bio, T_STR, OUT | OR_NULL),
	MEMBER(user, site, T_STR, OUT | OPTIONAL),
	MEMBER(user, details, T_JSON, OUT),
	OBJECT(user, best, item, OUT | OPTIONAL),
};

SCHEMA(item);
SCHEMA(user);

#define COLUMNS	"id, email, name, is_active, version, created_at, bio, site, " \
		"details"

struct schema	none_schema = { .name = "none" };
struct schema	total_schema = { .name = "total" };

/* As in schema.c, which needs kore.conf. */
const struct member *
schema_member(const struct schema *s, const char *name)
{
	size_t	 i;

	for (i = 0; i < s->nmembers; i++) {
		if (strcmp(s->members[i].name, name) == 0)
			return (&s->members[i]);
	}
	return (s->like != NULL ? schema_member(s->like, name) : NULL);
}

static struct query_file	users_file = { "users", "" };

REGISTER(query_files, users_file);

static const char *
load(const char *text)
{
	users_file.text = text;
	return (database_load());
}

/* The last one loads nothing, so that its memory is free. */
static int
unload(void **state)
{
	(void)state;
	load("");
	return (0);
}

#endif
