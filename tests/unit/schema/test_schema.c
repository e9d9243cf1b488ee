/* SPDX-License-Identifier: ISC */
/* The mistakes in schemas that schemas_init() finds at start. */

/* sources: src/schema/schema.c src/schema/validator.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* sources: src/request/error_details.c */

#include "request/request_fixture.h"

#include <stdlib.h>

#include "fakes/kore_fake.h"
#include "http/routes.h"

#define TOO_LARGE	"the schema edge: its struct is too large for a " \
			"field_set"

struct edge {
	bool			 at[FIELD_SET_BITS];
	bool			 beyond;
	const char		*name;
	int64_t			 count;
	const char		*json;
	const struct edge	*list;
	size_t			 list_count;
	struct field_set	 set;
};

#define AT(member_name)							\
	{ .structure = "edge", .name = "it", .type = T_BOOL,		\
	  .offset = offsetof(struct edge, member_name) }

static const struct field	edge_fields[] = { AT(at[0]), AT(at[255]) };
static const struct field	beyond_fields[] = { AT(at[0]), AT(beyond) };
static const struct field	validated_fields[] = {
	FIELD(edge, name, T_STR, 0, NULL),
	FIELD(edge, name, T_STR, REQUIRED, "s_name"),
};
static const struct field	foreign_fields[] = {
	{ .structure = "other", .name = "it", .type = T_BOOL },
};

static const struct field	falling_fields[] = {
	FIELD(edge, beyond, T_BOOL, 0, NULL, .fallback = "true"),
	FIELD(edge, count, T_INT, 0, NULL, .fallback = "-12"),
	FIELD(edge, name, T_STR, 0, NULL, .fallback = "x"),
};
static const struct field	no_bool_fields[] = {
	FIELD(edge, beyond, T_BOOL, 0, NULL, .fallback = "yes"),
};
static const struct field	no_number_fields[] = {
	FIELD(edge, count, T_INT, 0, NULL, .fallback = "12x"),
};

static const struct field	no_json_fields[] = {
	FIELD(edge, json, T_JSON, 0, NULL, .fallback = "{}"),
};

extern struct schema	edge_schema;

static const struct field	readable_fields[] = {
	FIELD(edge, name, T_STR, 0, NULL),
	FIELD(edge, name, T_UUID, 0, NULL),
	FIELD(edge, beyond, T_BOOL, 0, NULL),
	FIELD(edge, count, T_INT, 0, NULL),
};
static const struct field	answered_fields[] = {
	FIELD(edge, json, T_JSON, 0, NULL),
	FIELD(edge, count, T_TIME, 0, NULL),
	LIST(edge, list, edge),
};

SCHEMA_UPDATE(edge, edge);

/* Tries a schema with other fields. */
static const char *
with(const struct field *fields, size_t n, size_t set)
{
	free((void *)(uintptr_t)edge_schema.rules);
	edge_schema.rules = NULL;
	edge_schema.fields = fields;
	edge_schema.nfields = n;
	edge_schema.set = set;
	return (schemas_init());
}

static void
test_too_large_for_a_set(void **state)
{
	(void)state;
	assert_true(edge_schema.set == offsetof(struct edge, set));
	assert_null(with(edge_fields, 2, offsetof(struct edge, set)));
	assert_string_equal(with(beyond_fields, 2, offsetof(struct edge,
	    set)), TOO_LARGE);
	/* It does not matter unless it is an update. */
	assert_null(with(beyond_fields, 2, 0));
}

static void
test_field_of_another_struct(void **state)
{
	(void)state;
	assert_string_equal(with(foreign_fields, 1, 0),
	    "the schema edge has a field of another struct, other.it");
}

static void
test_fallbacks(void **state)
{
	struct edge	 edge;
	size_t		 i;

	(void)state;
	memset(&edge, 0, sizeof(edge));
	assert_null(with(falling_fields, 3, 0));
	for (i = 0; i < 3; i++)
		field_set_fallback(&falling_fields[i], &edge);
	assert_true(edge.beyond);
	assert_false(edge.at[255]);
	assert_int_equal(edge.count, -12);
	assert_string_equal(edge.name, "x");

	assert_string_equal(with(no_bool_fields, 1, 0),
	    "the schema edge: beyond cannot fall back on 'yes'");
	assert_string_equal(with(no_number_fields, 1, 0),
	    "the schema edge: count cannot fall back on '12x'");
	assert_string_equal(with(no_json_fields, 1, 0),
	    "the schema edge: json cannot fall back on '{}'");
}

/* Each type alone: readable only if a request body can have it. */
static void
test_readable(void **state)
{
	size_t	 i;

	(void)state;
	assert_null(with(readable_fields, 4, 0));
	assert_true(schema_is_readable(&edge_schema));
	for (i = 0; i < 3; i++) {
		assert_null(with(&answered_fields[i], 1, 0));
		assert_false(schema_is_readable(&edge_schema));
	}
	assert_null(with(answered_fields, 3, 0));
	assert_false(schema_is_readable(&edge_schema));
}

static void
test_validators(void **state)
{
	(void)state;
	assert_string_equal(with(validated_fields, 2, 0),
	    "kore.conf has no (valid) validator s_name, which edge.name "
	    "needs");
	fake_validator("s_name", "^x$", NULL);
	assert_null(with(validated_fields, 2, 0));
	assert_null(edge_schema.rules[0]);
	assert_ptr_equal(edge_schema.rules[1], rule_find("s_name"));
}

static int
teardown(void **state)
{
	(void)state;
	free((void *)(uintptr_t)edge_schema.rules);
	edge_schema.rules = NULL;
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_too_large_for_a_set),
		cmocka_unit_test(test_field_of_another_struct),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_readable),
		cmocka_unit_test(test_validators),
	};

	return (cmocka_run_group_tests_name("schema", tests, NULL, teardown));
}
