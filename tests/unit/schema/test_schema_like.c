/* SPDX-License-Identifier: ISC */
/* Schemas that take their members from another one. */

/* sources: src/schema/schema.c src/schema/validator.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */

#include "request/request_fixture.h"

#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "schema/schema.h"
#include "schema/validator.h"

struct thing {
	const char	*id;
	const char	*name;
	const char	*secret;
	bool		 done;
	int64_t		 version;
};

struct thing_update {
	struct thing		 to;
	struct member_set	 set;
};

struct thing_create {
	struct thing	 thing;
	const char	*word;
};

SCHEMA_DECLARE(thing, thing);
SCHEMA_DECLARE(thing_update, thing_update);
SCHEMA_DECLARE(thing_replace, thing_update);
SCHEMA_DECLARE(thing_create, thing_create);

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, name, T_STR, OUT | REQUIRED, .validator = "s_name",
	    .example = "n"),
	MEMBER(thing, secret, T_STR, 0),
	MEMBER(thing, done, T_BOOL, OUT),
	MEMBER(thing, version, T_INT, ETAG),
};

SCHEMA(thing);

/* Before its base: the order of the files does not matter. */
SCHEMA_LIKE(thing_replace, thing_update, .required = true,
    .optional = NAMES("done"));
SCHEMA_PATCH(thing_update, thing, .only = NAMES("done", "name"));
SCHEMA_EXTENDS(thing_create, thing, .only = NAMES("name"), .required = true,
    .also = MEMBERS(
	MEMBER(thing_create, word, T_STR, SECRET),
	MEMBER_OF(thing_create, thing, done, T_BOOL, 0,
	    .fallback = "false")));

static const char *const	done_name[] = { "done", "name", NULL };
static const char *const	just_done[] = { "done", NULL };

/* Undoes schemas_init(), which a change of a schema needs to see it. */
static void
forget(struct schema *s)
{
	free((void *)(uintptr_t)s->rules);
	s->rules = NULL;
	s->id = s->version = NULL;
	if (s->like == NULL)
		return;
	free((void *)(uintptr_t)s->members);
	s->members = NULL;
	s->nmembers = 0;
}

static int
teardown(void **state)
{
	(void)state;
	forget(&thing_replace_schema);
	forget(&thing_update_schema);
	forget(&thing_create_schema);
	forget(&thing_schema);
	thing_update_schema.only = done_name;
	thing_replace_schema.optional = just_done;
	thing_replace_schema.only = NULL;
	return (0);
}

static const char *
names_of(const struct schema *s)
{
	static char	 text[256];
	size_t		 i;

	*text = '\0';
	for (i = 0; i < s->nmembers; i++) {
		strcat(text, s->members[i].name);
		strcat(text, s->members[i].flags & REQUIRED ? "! " : " ");
	}
	return (text);
}

static void
test_members(void **state)
{
	(void)state;
	assert_null(schemas_init());
	assert_string_equal(names_of(&thing_update_schema), "done name ");
	assert_string_equal(names_of(&thing_replace_schema), "done name! ");
	assert_string_equal(names_of(&thing_create_schema),
	    "name! word! done! ");
}

/* It may take more than its base has: also what the base leaves out. */
static void
test_more_members_than_the_base(void **state)
{
	(void)state;
	thing_replace_schema.only = NAMES("id", "name", "secret", "done");
	assert_null(schemas_init());
	assert_string_equal(names_of(&thing_replace_schema),
	    "id! name! secret! done ");
}

/* What a member says comes with it, also through two schemas. */
static void
test_what_a_member_says(void **state)
{
	const struct member	*name, *done;

	(void)state;
	assert_null(schemas_init());
	name = &thing_replace_schema.members[1];
	assert_string_equal(name->example, "n");
	assert_true(name->offset == offsetof(struct thing_update, to.name));
	assert_ptr_equal(thing_replace_schema.rules[1], rule_find("s_name"));
	assert_null(thing_replace_schema.rules[0]);
	assert_true(thing_replace_schema.set ==
	    offsetof(struct thing_update, set));
	assert_true(thing_create_schema.set == 0);
	assert_string_equal(thing_create_schema.structure, "thing_create");
	done = &thing_create_schema.members[2];
	assert_string_equal(done->fallback, "false");
	assert_true(done->offset == offsetof(struct thing_create, thing.done));
}

/* What a schema leaves out is still a member of the struct. */
static void
test_finding_a_member(void **state)
{
	(void)state;
	assert_null(schemas_init());
	assert_ptr_equal(schema_member(&thing_replace_schema, "name"),
	    &thing_replace_schema.members[1]);
	assert_ptr_equal(schema_member(&thing_replace_schema, "version"),
	    &thing_members[4]);
	assert_null(schema_member(&thing_replace_schema, "word"));
	assert_null(schema_member(&thing_schema, "nam"));
}

static void
test_mistakes(void **state)
{
	static const struct member	foreign[] = {
		{ .structure = "other", .name = "it", .type = T_BOOL },
		{ .name = NULL }
	};
	static const struct {
		const char	*only[4], *optional;
		const char	*problem;
	} cases[] = {
		{ { "done", "nmae", NULL }, "done",
		  __FILE__ ": the schema thing_update: .only names nmae, and "
		  "thing has no such member" },
		{ { "done", "done", NULL }, "done",
		  __FILE__ ": the schema thing_update: .only names done "
		  "twice" },
		{ { "done", "name", NULL }, "id",
		  __FILE__ ": the schema thing_replace: .optional names id, "
		  "which is no member of it" },
	};
	const char	*optional[2] = { NULL, NULL };
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		thing_update_schema.only = cases[i].only;
		optional[0] = cases[i].optional;
		thing_replace_schema.optional = optional;
		assert_string_equal(schemas_init(), cases[i].problem);
		teardown(NULL);
	}
	thing_update_schema.also = foreign;
	assert_string_equal(schemas_init(), __FILE__ ": the schema "
	    "thing_update has a member of another struct, other.it: write "
	    "MEMBER(thing_update, it, ...)");
	thing_update_schema.also = NULL;
	teardown(NULL);
	thing_replace_schema.required = false;
	assert_string_equal(schemas_init(), __FILE__ ": the schema "
	    "thing_replace: .optional does nothing without .required = true");
	thing_replace_schema.required = true;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_teardown(test_members, teardown),
		cmocka_unit_test_teardown(test_more_members_than_the_base,
		    teardown),
		cmocka_unit_test_teardown(test_what_a_member_says, teardown),
		cmocka_unit_test_teardown(test_finding_a_member, teardown),
		cmocka_unit_test_teardown(test_mistakes, teardown),
	};

	fake_validator("s_name", "^.{1,5}$", NULL);
	return (cmocka_run_group_tests_name("schema_like", tests, NULL, NULL));
}
