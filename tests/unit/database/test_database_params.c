/* SPDX-License-Identifier: ISC */
/* The parameters of a statement: given ones, and members of a struct. */

/* sources: src/database/database_params.c src/schema/schema_value.c */
/* sources: src/schema/schema.c src/schema/validator.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c src/request/error_details.c */

#include "request/request_fixture.h"

#include "database/database.h"
#include "database/params.h"

struct thing {
	const char	*name;
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
	MEMBER(thing, name, T_STR, OUT),
	MEMBER(thing, done, T_BOOL, OUT),
	MEMBER(thing, count, T_INT, OUT),
	MEMBER(thing, ended_at, T_TIME, OUT | OR_NULL),
	MEMBER(thing, stars, T_INT, OUT | OR_NULL),
	MEMBER(thing, pinned, T_BOOL, OUT | OR_NULL),
};

SCHEMA(thing);
SCHEMA_PATCH(thing_update, thing);

#define OF(i)	.member = &thing_members[i]

/* In another order than the caller's, and one of them twice. */
static const struct query_param	params[] = {
	{ .name = "count", OF(2) },
	{ .name = "version", .given = 1 },
	{ .name = "name.set", OF(0), .is_set = true },
	{ .name = "name", OF(0) },
	{ .name = "done.set", OF(1), .is_set = true },
	{ .name = "done", OF(1) },
	{ .name = "id", .given = 0 },
	{ .name = "ended_at", OF(3) },
	{ .name = "stars", OF(4) },
	{ .name = "pinned", OF(5) },
};

#define NPARAMS	(sizeof(params) / sizeof(params[0]))

static const struct query	query = {
	.name = "things.update", .from = &thing_update_schema,
	.params = params, .nparams = NPARAMS
};

static const char *const	given[] = { "an-id", "the-version" };
static struct thing_update	in;
static char			bound[NPARAMS][64];

static void
bind_all(struct ctx *c)
{
	const char *const	*out = params_bind(c, &query, &in, given);
	size_t			 i;

	for (i = 0; i < NPARAMS; i++)
		snprintf(bound[i], sizeof(bound[i]), "%s",
		    out[i] != NULL ? out[i] : "(null)");
}

static void
assert_bound(const char *const *expected)
{
	size_t	 i;

	request_begin();
	assert_string_equal(request_run(bind_all), "ok");
	for (i = 0; i < NPARAMS; i++)
		assert_string_equal(bound[i], expected[i]);
}

static void
test_bind(void **state)
{
	(void)state;
	in = (struct thing_update){ .to = { .name = "n", .done = true,
	    .count = 12, .ended_at = 0, .stars = -1,
	    .pinned = BOOL_TRUE } };
	SET(&in, to.done);
	assert_bound((const char *const[]){ "12", "the-version", "false", "n",
	    "true", "true", "an-id", "1970-01-01T00:00:00.000000Z",
	    "-1", "true" });
	in = (struct thing_update){ .to = { .ended_at = TIME_NULL,
	    .stars = INT_NULL, .pinned = BOOL_NULL } };
	SET(&in, to.name);
	assert_bound((const char *const[]){ "0", "the-version", "true",
	    "(null)", "false", "false", "an-id", "(null)", "(null)",
	    "(null)" });
}

static void
ask_values(struct ctx *c)
{
	assert_string_equal(db_int(c, INT64_MAX), "9223372036854775807");
	assert_string_equal(db_time(c, -1), "1969-12-31T23:59:59.999999Z");
	assert_int_equal(strlen(db_uuid(c)), 36);
	assert_string_not_equal(db_uuid(c), db_uuid(c));
}

static void
test_values(void **state)
{
	(void)state;
	request_begin();
	assert_string_equal(request_run(ask_values), "ok");
	assert_string_equal(db_bool(true), "true");
	assert_string_equal(db_bool(false), "false");
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
		cmocka_unit_test_teardown(test_bind, request_teardown),
		cmocka_unit_test_teardown(test_values, request_teardown),
	};

	return (cmocka_run_group_tests_name("database_params", tests, start,
	    NULL));
}
