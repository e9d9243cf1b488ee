/* SPDX-License-Identifier: ISC */
/* Members of a struct as texts, and an update that changes nothing. */

/* sources: src/schema/schema_value.c src/schema/schema.c */
/* sources: src/schema/validator.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c src/request/error_details.c */

#include "request/request_fixture.h"

#include "schema/schema.h"

struct thing {
	const char	*id;
	const char	*name;
	const char	*extra;
	bool		 done;
	int64_t		 count;
	int64_t		 ended_at;
	int64_t		 stars;
	enum bool_or_null	 pinned;
};

struct thing_update {
	struct thing		 to;
	struct member_set	 set;
};

SCHEMA_DECLARE(thing, thing);
SCHEMA_DECLARE(thing_update, thing_update);

static const struct member	thing_members[] = {
	MEMBER(thing, id, T_UUID, OUT),
	MEMBER(thing, name, T_STR, OUT),
	MEMBER(thing, extra, T_JSON, OUT),
	MEMBER(thing, done, T_BOOL, OUT),
	MEMBER(thing, count, T_INT, OUT),
	MEMBER(thing, ended_at, T_TIME, OUT | OR_NULL),
	MEMBER(thing, stars, T_INT, OUT | OR_NULL),
	MEMBER(thing, pinned, T_BOOL, OUT | OR_NULL),
};

SCHEMA(thing);
SCHEMA_PATCH(thing_update, thing, .only = NAMES("name", "done", "count"));

static struct thing		thing;
static const char		*text;
static const struct member	*asked;

static void
ask_text(struct ctx *c)
{
	text = schema_text(c, asked, &thing);
	if (text != NULL)
		text = strcpy(ctx_alloc(c, strlen(text) + 1), text);
}

static void
assert_text(const char *name, const char *expected)
{
	asked = schema_member(&thing_schema, name);
	assert_non_null(asked);
	request_begin();
	assert_string_equal(request_run(ask_text), "ok");
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void
test_texts(void **state)
{
	(void)state;
	thing = (struct thing){ .id = "an-id", .name = "", .extra = "{}",
	    .done = true, .count = INT64_MIN, .ended_at = 0 };
	assert_text("id", "an-id");
	assert_text("name", "");
	assert_text("extra", "{}");
	assert_text("done", "true");
	assert_text("count", "-9223372036854775808");
	assert_text("ended_at", "1970-01-01T00:00:00.000000Z");
	thing = (struct thing){ .count = 7, .ended_at = TIME_NULL };
	assert_text("id", NULL);
	assert_text("name", NULL);
	assert_text("extra", NULL);
	assert_text("done", "false");
	assert_text("count", "7");
	assert_text("ended_at", NULL);
	assert_text("stars", "0");
	assert_text("pinned", "false");
	thing.stars = INT_NULL;
	thing.pinned = BOOL_NULL;
	assert_text("stars", NULL);
	assert_text("pinned", NULL);
	thing.pinned = BOOL_TRUE;
	assert_text("pinned", "true");
	thing.ended_at = 1;
	assert_text("ended_at", "1970-01-01T00:00:00.000001Z");
}

/* Is the member still marked, after those of the same value were unmarked? */
static bool
changes(const char *name, const struct thing *from, const struct thing *to)
{
	const char *const	 names[] = { "id", name, NULL };
	const struct member	*m = schema_member(&thing_update_schema, name);
	struct thing_update	 in = { .to = *to };

	assert_non_null(m);
	member_set_mark(&in.set, m->offset, true);
	schema_unset_same(NULL, &thing_update_schema, &in, from, names);
	assert_int_equal(ANY_SET(&in), member_is_set(&in.set, m->offset));
	return (ANY_SET(&in));
}

#define CHANGES(name, one, other)					\
	changes(#name, &(struct thing){ .name = one },			\
	    &(struct thing){ .name = other })

static void
test_unset_same(void **state)
{
	char	 copy[] = "a";

	(void)state;
	assert_false(CHANGES(name, "a", copy));
	assert_true(CHANGES(name, "a", "A"));
	assert_true(CHANGES(name, "a", "ab"));
	assert_true(CHANGES(name, "", NULL));
	assert_true(CHANGES(name, NULL, ""));
	assert_false(CHANGES(name, NULL, NULL));
	assert_false(CHANGES(done, true, true));
	assert_false(CHANGES(done, false, false));
	assert_true(CHANGES(done, true, false));
	assert_true(CHANGES(done, false, true));
	assert_false(CHANGES(count, 1, 1));
	assert_true(CHANGES(count, 1, 1 + (INT64_C(1) << 32)));
	assert_true(CHANGES(count, 1, 257));
	assert_false(CHANGES(ended_at, TIME_NULL, TIME_NULL));
	assert_true(CHANGES(ended_at, TIME_NULL, 0));
	assert_false(CHANGES(stars, INT_NULL, INT_NULL));
	assert_true(CHANGES(stars, INT_NULL, 0));
	assert_false(CHANGES(pinned, BOOL_NULL, BOOL_NULL));
	assert_true(CHANGES(pinned, BOOL_NULL, BOOL_TRUE));
	assert_true(CHANGES(pinned, BOOL_NULL, BOOL_FALSE));
}

/* What is not named stays marked, and what was not marked stays so. */
static void
test_unset_only_the_named(void **state)
{
	const char *const	 names[] = { "count", "done", NULL };
	struct thing		 row = { .name = "a", .done = true,
				    .count = 1 };
	struct thing_update	 in = { .to = row };

	(void)state;
	SET(&in, to.name);
	SET(&in, to.done);
	schema_unset_same(NULL, &thing_update_schema, &in, &row, names);
	assert_true(IS_SET(&in, to.name));
	assert_false(IS_SET(&in, to.done));
	assert_false(IS_SET(&in, to.count));
	in.to.count = 2;
	schema_unset_same(NULL, &thing_update_schema, &in, &row, names);
	assert_false(IS_SET(&in, to.count));
}

static int
start(void **state)
{
	(void)state;
	return (schemas_init() == NULL ? 0 : -1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_teardown(test_texts, request_teardown),
		cmocka_unit_test(test_unset_same),
		cmocka_unit_test(test_unset_only_the_named),
	};

	return (cmocka_run_group_tests_name("schema_value", tests, start,
	    NULL));
}
