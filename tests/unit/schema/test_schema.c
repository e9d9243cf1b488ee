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

#define EDGE		__FILE__ ": the schema edge"
#define TOO_LARGE	EDGE ": its struct is too large for a member_set: "  \
			"raise MEMBER_SET_BITS in src/schema/member_set.h, " \
			"or move beyond up"

struct edge {
	bool			 at[MEMBER_SET_BITS];
	bool			 beyond;
	const char		*name;
	int64_t			 count;
	const char		*json;
	const struct edge	*list;
	size_t			 list_count;
	struct member_set	 set;
};

static struct schema	none_schema = { .name = "none" };

#define AT(member_name)							\
	{ .structure = "edge", .name = #member_name, .type = T_BOOL,	\
	  .offset = offsetof(struct edge, member_name) }

static const struct member	edge_members[] = { AT(at[0]), AT(at[255]) };
static const struct member	beyond_members[] = { AT(at[0]), AT(beyond) };
static const struct member	validated_members[] = {
	MEMBER(edge, count, T_INT, 0),
	MEMBER(edge, name, T_STR, REQUIRED, .validator = "s_name"),
};
static const struct member	foreign_members[] = {
	{ .structure = "other", .name = "it", .type = T_BOOL },
};

static const struct member	falling_members[] = {
	MEMBER(edge, beyond, T_BOOL, 0, .fallback = "true"),
	MEMBER(edge, count, T_INT, 0, .fallback = "-12"),
	MEMBER(edge, name, T_STR, 0, .fallback = "x"),
};
extern struct schema	edge_schema;

static const struct member	readable_members[] = {
	MEMBER(edge, name, T_STR, 0),
	MEMBER_AT(edge, "id", name, T_UUID, 0),
	MEMBER(edge, beyond, T_BOOL, 0),
	MEMBER(edge, count, T_INT, 0),
	MEMBER_AT(edge, "at", count, T_TIME, 0),
};
static const struct member	answered_members[] = {
	MEMBER(edge, json, T_JSON, 0),
	{ .structure = "edge", .name = "list", .type = T_LIST, .flags = OUT,
	  .of = &none_schema, .offset = offsetof(struct edge, list),
	  .count = offsetof(struct edge, list_count) },
	{ .structure = "edge", .name = "object", .type = T_OBJECT,
	  .flags = OUT, .of = &none_schema },
};

SCHEMA_UPDATE(edge, edge);

/* Tries a schema with other fields. */
static const char *
with(const struct member *fields, size_t n, size_t set)
{
	free((void *)(uintptr_t)edge_schema.rules);
	edge_schema.rules = NULL;
	edge_schema.id = edge_schema.version = NULL;
	edge_schema.members = fields;
	edge_schema.nmembers = n;
	edge_schema.set = set;
	return (schemas_init());
}

static void
test_too_large_for_a_set(void **state)
{
	(void)state;
	assert_true(edge_schema.set == offsetof(struct edge, set));
	assert_null(with(edge_members, 2, offsetof(struct edge, set)));
	assert_string_equal(with(beyond_members, 2, offsetof(struct edge,
	    set)), TOO_LARGE);
	/* It does not matter unless it is an update. */
	assert_null(with(beyond_members, 2, 0));
}

static void
test_field_of_another_struct(void **state)
{
	(void)state;
	assert_string_equal(with(foreign_members, 1, 0),
	    EDGE " has a member of another struct, other.it: write "
	    "MEMBER(edge, it, ...)");
}

static void
test_two_of_one_name(void **state)
{
	static const struct member	members[] = {
		MEMBER(edge, name, T_STR, 0), MEMBER(edge, count, T_INT, 0),
		MEMBER(edge, name, T_STR, OUT),
	};

	(void)state;
	assert_string_equal(with(members, 3, 0), EDGE " has two members name");
	assert_null(with(members, 2, 0));
}

static void
test_fallbacks(void **state)
{
	struct edge	 edge;
	size_t		 i;

	(void)state;
	memset(&edge, 0, sizeof(edge));
	assert_null(with(falling_members, 3, 0));
	for (i = 0; i < 3; i++)
		schema_set_fallback(&falling_members[i], &edge);
	assert_true(edge.beyond);
	assert_false(edge.at[255]);
	assert_int_equal(edge.count, -12);
	assert_string_equal(edge.name, "x");
}

/* As the texts of C are: a body may have others. */
static void
test_texts_of_fallbacks(void **state)
{
	static const struct {
		enum member_type	 type;
		const char	*text;
		bool		 fits;
	} cases[] = {
		{ T_BOOL, "true", true }, { T_BOOL, "false", true },
		{ T_BOOL, "yes", false }, { T_BOOL, "", false },
		{ T_BOOL, "False", false }, { T_BOOL, "0", false },
		{ T_INT, "0", true }, { T_INT, "-12", true },
		{ T_INT, "9223372036854775807", true },
		{ T_INT, "", false }, { T_INT, "12x", false },
		{ T_INT, "1a", false }, { T_INT, "x", false },
		{ T_INT, "1.0", false }, { T_INT, "0x10", false },
		{ T_STR, "", true }, { T_STR, "{}", true },
		{ T_JSON, "{}", false }, { T_UUID, "", false },
		{ T_TIME, "0", false }, { T_LIST, "[]", false },
		{ T_TIME, "2026-01-31T12:00:00+01:00", true },
		{ T_TIME, "2026-01-31", false },
		{ T_INT, "9223372036854775808", false },
		{ T_INT, "-9223372036854775807", true },
		{ T_INT, "-9223372036854775808", false },
	};
	struct member	 f = { .structure = "edge", .name = "it",
			    .flags = OR_NULL };
	char		 expect[300];
	const char	*problem;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.type = cases[i].type;
		f.fallback = cases[i].text;
		snprintf(expect, sizeof(expect), EDGE ": it cannot fall back "
		    "on '%s': a T_BOOL takes \"true\" or \"false\", a T_INT a "
		    "number, a T_TIME one of RFC 3339, a T_STR any text, and "
		    "other types none",
		    cases[i].text);
		problem = with(&f, 1, 0);
		if (cases[i].fits)
			assert_null(problem);
		else
			assert_string_equal(problem, expect);
	}
}

static void
test_fallbacks_that_are_refused(void **state)
{
	struct member	 f = { .structure = "edge", .name = "it",
			    .type = T_STR, .validator = "s_short" };

	(void)state;
	f.fallback = "ab";
	assert_string_equal(with(&f, 1, 0), "kore.conf has no (valid) "
	    "validator s_short, which edge.it needs: write `validator s_short "
	    "regex ...`");
	fake_validator("s_short", "^.{1,2}$", NULL);
	assert_null(with(&f, 1, 0));
	f.fallback = "abc";
	assert_string_equal(with(&f, 1, 0), "the schema edge: it falls back "
	    "on 'abc', which kore.conf's s_short refuses");
}

/* The lowest number is one where it does not stand for null. */
static void
test_the_lowest_fallback(void **state)
{
	struct member	 f = { .structure = "edge", .name = "it",
			    .type = T_INT,
			    .fallback = "-9223372036854775808" };

	(void)state;
	assert_null(with(&f, 1, 0));
	f.fallback = "-9223372036854775809";
	assert_non_null(with(&f, 1, 0));
}

static int
accept_all(struct http_request *req, const char *value)
{
	(void)req;
	(void)value;
	return (VALID);
}

/* Which types a validator can check, a function or a regex. */
static void
test_validators_of_types(void **state)
{
	static const enum member_type	 types[] = { T_UUID, T_BOOL, T_JSON };
	struct member	 f = { .structure = "edge", .name = "it",
			    .type = T_TIME, .validator = "s_function" };
	size_t		 i;

	(void)state;
	fake_validator("s_function", NULL, accept_all);
	fake_validator("s_regex", "^2.*$", NULL);
	assert_null(with(&f, 1, 0));
	f.validator = "s_regex";
	assert_string_equal(with(&f, 1, 0), EDGE ": it is a T_TIME, and "
	    "kore.conf's s_regex is a regex: name a validator that is a "
	    "function, or none");
	f.type = T_INT;
	assert_null(with(&f, 1, 0));
	f.type = T_STR;
	assert_null(with(&f, 1, 0));
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		f.type = types[i];
		assert_string_equal(with(&f, 1, 0), EDGE ": nothing calls the "
		    "validator of it: only a T_STR, a T_INT and a T_TIME have "
		    "one");
	}
}

/* Which fields are the id and the version. */
static void
test_tagged(void **state)
{
	static const struct member	fields[] = {
		{ .structure = "edge", .name = "owner", .type = T_UUID },
		{ .structure = "edge", .name = "id", .type = T_UUID },
		{ .structure = "edge", .name = "team", .type = T_UUID },
		{ .structure = "edge", .name = "count", .type = T_INT },
		{ .structure = "edge", .name = "v", .type = T_INT,
		  .flags = ETAG },
	};
	static const struct member	of_text[] = {
		{ .structure = "edge", .name = "w", .type = T_STR,
		  .flags = ETAG },
	};
	static const struct member	nullable[] = {
		{ .structure = "edge", .name = "v", .type = T_INT,
		  .flags = ETAG | OR_NULL },
	};
	static const struct member	textual[] = {
		{ .structure = "edge", .name = "id", .type = T_STR },
		{ .structure = "edge", .name = "v", .type = T_INT,
		  .flags = ETAG },
	};

	(void)state;
	assert_null(with(fields, 5, 0));
	assert_ptr_equal(edge_schema.id, &fields[1]);
	assert_ptr_equal(edge_schema.version, &fields[4]);
	assert_null(with(fields, 4, 0));
	assert_null(edge_schema.version);
	assert_string_equal(with(textual, 2, 0),
	    EDGE ": it has an ETAG, and no T_UUID id");
	assert_string_equal(with(of_text, 1, 0),
	    EDGE ": its ETAG, w, must be a T_INT without OR_NULL");
	assert_string_equal(with(nullable, 1, 0),
	    EDGE ": its ETAG, v, must be a T_INT without OR_NULL");
}

/* Everything that decides what is written; an order counts, too. */
static void
test_fingerprints(void **state)
{
	static const char *const	names[] = { "a", "b" };
	struct member			inner = { .structure = "edge" };
	struct schema			of = { .members = &inner,
					    .nmembers = 1 };
	struct member			f[3] = {
		{ .structure = "edge", .name = "id", .type = T_UUID },
		{ .structure = "edge", .name = "v", .type = T_INT,
		  .flags = ETAG },
		{ .structure = "edge", .type = T_LIST, .of = &of },
	};
	unsigned char			seen[64][FINGERPRINT_BYTES];
	unsigned			n, k;

	(void)state;
	for (n = 0; n < 64; n++) {
		f[2].name = names[n & 1];
		f[2].flags = n & 2 ? OR_NULL : 0;
		f[2].type = n & 4 ? T_LIST : T_JSON;
		of.name = names[n >> 3 & 1];
		inner.name = names[n >> 4 & 1];
		inner.type = n & 32 ? T_INT : T_TIME;
		assert_null(with(f, 3, 0));
		memcpy(seen[n], edge_schema.fingerprint, FINGERPRINT_BYTES);
		for (k = 0; k < n; k++)
			assert_memory_not_equal(seen[k], seen[n],
			    FINGERPRINT_BYTES);
	}
}

/* Of the schema's own name or a field's, alone and in the schema of a list. */
static void
test_names_too_long_to_hash(void **state)
{
	static const char	too_long[] = "its names are too long, or "
				    "memory is short";
	char		 name[256];
	struct member	 inner = { .structure = "edge", .type = T_INT };
	struct schema	 of = { .name = "of", .members = &inner,
			    .nmembers = 1 };
	struct member	 f[3] = {
		{ .structure = "edge", .name = "id", .type = T_UUID },
		{ .structure = "edge", .name = "v", .type = T_INT,
		  .flags = ETAG },
		{ .structure = "edge", .name = "list", .type = T_LIST,
		  .of = &of },
	};
	const char	**places[] = { &f[2].name, &inner.name, &of.name };
	size_t		 longest[] = { 250, 250, 252 }, i;
	const char	*before;

	(void)state;
	memset(name, 'n', sizeof(name));
	for (i = 0; i < 3; i++) {
		before = *places[i] != NULL ? *places[i] : "n";
		*places[i] = name;
		inner.name = inner.name != NULL ? inner.name : "n";
		name[longest[i]] = '\0';
		assert_null(with(f, 3, 0));
		name[longest[i]] = 'n';
		name[longest[i] + 1] = '\0';
		assert_non_null(strstr(with(f, 3, 0), too_long));
		name[longest[i] + 1] = 'n';
		*places[i] = before;
	}
}

/* Each type alone: readable only if a request body can have it. */
static void
test_readable(void **state)
{
	size_t	 i;

	(void)state;
	assert_null(with(readable_members, 5, 0));
	assert_true(schema_is_readable(&edge_schema));
	for (i = 0; i < 3; i++) {
		assert_null(with(&answered_members[i], 1, 0));
		assert_false(schema_is_readable(&edge_schema));
	}
	assert_null(with(answered_members, 3, 0));
	assert_false(schema_is_readable(&edge_schema));
}

static void
test_validators(void **state)
{
	(void)state;
	assert_string_equal(with(validated_members, 2, 0),
	    "kore.conf has no (valid) validator s_name, which edge.name "
	    "needs: write `validator s_name regex ...`");
	fake_validator("s_name", "^x$", NULL);
	assert_null(with(validated_members, 2, 0));
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
		cmocka_unit_test(test_two_of_one_name),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_texts_of_fallbacks),
		cmocka_unit_test(test_fallbacks_that_are_refused),
		cmocka_unit_test(test_the_lowest_fallback),
		cmocka_unit_test(test_validators_of_types),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_names_too_long_to_hash),
		cmocka_unit_test(test_readable),
		cmocka_unit_test(test_validators),
	};

	return (cmocka_run_group_tests_name("schema", tests, NULL, teardown));
}
