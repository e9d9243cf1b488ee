/* SPDX-License-Identifier: ISC */
/* Schemas and validators in the description, each kind of them. */

/* sources: src/openapi/openapi_schemas.c src/openapi/openapi_build.c */
/* sources: src/schema/validator.c src/schema/schema.c src/request/ctx.c */
/* sources: src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c */
/* sources: src/base/error_kinds.c src/request/error_details.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* defines: -rdynamic */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "openapi/openapi_build.h"

#define POSIX	"Matches the POSIX regular expression "

VALIDATOR_FACTS(v_one, .format = "odd", .min = 1, .max = 1, .doc = "One.");
VALIDATOR_FACTS(v_none, .format = NULL);

static int
any(struct http_request *req, const char *value)
{
	(void)req;
	(void)value;
	return (VALID);
}

static void
assert_json(json_t *json, const char *expect)
{
	char	*text;

	assert_non_null(json);
	text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_non_null(text);
	if (strcmp(text, expect) != 0)
		fail_msg("%s\nnot %s", text, expect);
	free(text);
	json_decref(json);
}

static const struct {
	const char	*name, *regex, *fallback;
	const char	*schema;
} queries[] = {
	{ "l0", "^.{0,5}$", NULL, "{'type':'string','maxLength':5}" },
	{ "l1", "^.{1,5}$", NULL,
	  "{'type':'string','minLength':1,'maxLength':5}" },
	{ "l2", "^.{2,2}$", "ab",
	  "{'type':'string','minLength':2,'maxLength':2,'default':'ab'}" },
	{ "c1", "^(up)$", NULL, "{'type':'string','enum':['up']}" },
	{ "c2", "^(up|down)$", "down",
	  "{'type':'string','enum':['up','down'],'default':'down'}" },
	{ "b1", "^(true|false)$", "false",
	  "{'type':'boolean','default':false}" },
	{ "b2", "^(false|true)$", "true", "{'type':'boolean','default':true}" },
	{ "b3", "^(true|maybe)$", NULL,
	  "{'type':'string','enum':['true','maybe']}" },
	{ "b4", "^(maybe|false)$", NULL,
	  "{'type':'string','enum':['maybe','false']}" },
	{ "b5", "^(maybe|true)$", NULL,
	  "{'type':'string','enum':['maybe','true']}" },
	{ "b6", "^(false|maybe)$", NULL,
	  "{'type':'string','enum':['false','maybe']}" },
	{ "b7", "^(true|false|maybe)$", NULL,
	  "{'type':'string','enum':['true','false','maybe']}" },
	{ "b8", "^(true|true)$", NULL,
	  "{'type':'string','enum':['true','true']}" },
	{ "n1", "^([1-9][0-9]?|100)$", "20",
	  "{'type':'integer','minimum':1,'maximum':100,'default':20}" },
	{ "r1", "^a.b$", "a.b",
	  "{'type':'string','pattern':'^a[\\\\s\\\\S]b$','default':'a.b'}" },
	{ "r2", "^[[:alpha:]]*$", NULL,
	  "{'type':'string','description':'" POSIX "^[[:alpha:]]*$'}" },
	{ "v_one", NULL, NULL, "{'type':'string','format':'odd',"
	  "'minLength':1,'maxLength':1,'description':'One.'}" },
	{ "v_none", NULL, NULL, "{'type':'string'}" },
	{ "v_without", NULL, NULL, "{'type':'string'}" },
};

/* With ' instead of " in the tables. */
static const char *
quoted(const char *text)
{
	static char	 out[2048];
	char		*p;

	assert_true(strlen(text) < sizeof(out));
	strcpy(out, text);
	for (p = out; (p = strchr(p, '\'')) != NULL; p++)
		*p = '"';
	return (out);
}

static void
test_query_parameters(void **state)
{
	const struct rule	*rule;
	json_t			*schema;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		rule = rule_of(fake_validator(queries[i].name,
		    queries[i].regex, any));
		assert_non_null(rule);
		schema = openapi_query_schema(rule, queries[i].fallback, NULL);
		json_object_del(schema, "examples");
		assert_json(schema, quoted(queries[i].schema));
	}
}

static void
test_types(void **state)
{
	static const struct {
		enum member_type	 type;
		const char	*schema;
	} types[] = {
		{ T_STR, "{'type':'string'}" },
		{ T_UUID, "{'type':'string','format':'uuid'}" },
		{ T_BOOL, "{'type':'boolean'}" },
		{ T_INT, "{'type':'integer'}" },
		{ T_TIME, "{'type':'string','format':'date-time'}" },
		{ T_JSON, "{'type':'object','additionalProperties':true}" },
		{ T_LIST, "{'type':'array'}" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_json(openapi_type_schema(types[i].type),
		    quoted(types[i].schema));
}

static void
test_names(void **state)
{
	static const char *const	 names[][2] = {
		{ "user", "User" }, { "user_create", "UserCreate" },
		{ "NOT_FOUND", "NotFound" }, { "a__b_", "AB" }, { "", "" },
	};
	char	 out[OPENAPI_NAME_MAX], longer[OPENAPI_NAME_MAX + 1];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		openapi_name(names[i][0], out);
		assert_string_equal(out, names[i][1]);
	}
	memset(longer, 'X', OPENAPI_NAME_MAX);
	longer[OPENAPI_NAME_MAX] = '\0';
	openapi_name(longer, out);
	assert_int_equal(strlen(out), OPENAPI_NAME_MAX - 1);
}

struct part {
	int64_t		 n;
};

struct maker {
	const char		*name, *site;
	const struct part	*part;
};

struct whole {
	const char	*id, *text, *secret, *choice, *json, *note;
	bool		 flag;
	int64_t		 count, at, version;
	const struct part	*parts;
	size_t		 parts_count;
};

extern struct schema	part_schema, whole_schema, maker_schema;

static const struct member	part_members[] = {
	MEMBER(part, n, T_INT, OUT),
};
static const struct member	whole_members[] = {
	MEMBER(whole, id, T_UUID, OUT),
	MEMBER(whole, text, T_STR, OUT | REQUIRED, .validator = "w_length",
	    .example = "abc"),
	MEMBER(whole, secret, T_STR, OUT | EXPECTED | SECRET, .example = "s"),
	MEMBER(whole, choice, T_STR, OUT | OR_NULL, .validator = "w_choice"),
	MEMBER(whole, flag, T_BOOL, OUT, .fallback = "false"),
	MEMBER(whole, count, T_INT, OUT, .validator = "w_number"),
	MEMBER(whole, at, T_TIME, OUT | OR_NULL),
	MEMBER(whole, json, T_JSON, OUT, .example = "{\"a\":1}"),
	LIST(whole, parts, part),
	MEMBER(whole, note, T_STR, OUT | OPTIONAL, .example = "n"),
	MEMBER(whole, version, T_INT, ETAG),
};

static const struct member	maker_members[] = {
	MEMBER(maker, name, T_STR, OUT, .example = "Ada"),
	MEMBER(maker, site, T_STR, OUT | SPARSE, .example = "s"),
	OBJECT(maker, part, part, OUT),
};

SCHEMA(part);
SCHEMA(whole);
SCHEMA(maker);

/*
 * Of the schema whole; in a response all but the last are required, and more
 * may come. What is expected is described like what is required. A response has
 * only the choices of a validator.
 */
#define PROPERTIES(length, range)					\
	"{'type':'object','properties':{"				\
	"'id':{'type':'string','format':'uuid','examples':['"		\
	EXAMPLE_UUID "']},"						\
	"'text':{'type':'string'," length				\
	"'examples':['abc']},"						\
	"'secret':{'type':'string','format':'password',"		\
	"'examples':['s']},"						\
	"'choice':{'type':['string','null'],'enum':['x','y',null],"	\
	"'examples':['x']},"						\
	"'flag':{'type':'boolean','default':false,"			\
	"'examples':[false]},"						\
	"'count':{'type':'integer'," range				\
	"'examples':[5]},"						\
	"'at':{'type':['string','null'],'format':'date-time',"		\
	"'examples':['2026-01-31T12:00:00.000000Z']},"			\
	"'json':{'type':'object','additionalProperties':true,"		\
	"'examples':[{'a':1}]},"					\
	"'parts':{'type':'array','items':{'$ref':"			\
	"'#/components/schemas/Part'}},"				\
	"'note':{'type':'string','examples':['n']}},"

#define READ	PROPERTIES("'minLength':1,'maxLength':3,",		\
		    "'minimum':5,'maximum':9,")

/* The component that the schema becomes; the first use of it decides. */
static void
assert_component(const struct schema *s, enum openapi_use use,
    const char *name, const char *expect)
{
	json_t	*all;

	openapi_begin();
	json_decref(openapi_schema(s, use));
	assert_null(openapi_problem());
	all = openapi_components();
	assert_json(json_incref(json_object_get(json_object_get(all,
	    "schemas"), name)), quoted(expect));
	json_decref(all);
}

static void
test_fields(void **state)
{
	(void)state;
	assert_component(&whole_schema, READ_JSON, "Whole", READ
	    "'required':['text','secret'],'additionalProperties':false}");
	assert_component(&whole_schema, READ_FORM, "Whole", READ
	    "'required':['text','secret']}");
	assert_component(&whole_schema, RESPONSE, "Whole",
	    PROPERTIES("", "")
	    "'required':['id','text','secret','choice','flag','count','at',"
	    "'json','parts']}");
	assert_component(&part_schema, READ_JSON, "Part",
	    "{'type':'object','properties':{'n':{'type':'integer',"
	    "'examples':[1]}},"
	    "'additionalProperties':false}");
}

/* An object has a component of its own; what is SPARSE need not be there. */
static void
test_objects(void **state)
{
	struct member	 members[3];
	struct schema	 s = maker_schema;

	(void)state;
	assert_component(&maker_schema, RESPONSE, "Maker",
	    "{'type':'object','properties':{"
	    "'name':{'type':'string','examples':['Ada']},"
	    "'site':{'type':'string','examples':['s']},"
	    "'part':{'$ref':'#/components/schemas/Part'}},"
	    "'required':['name','part']}");
	assert_component(&maker_schema, RESPONSE, "Part",
	    "{'type':'object','properties':{'n':{'type':'integer',"
	    "'examples':[1]}},'required':['n']}");
	assert_json(openapi_example(&maker_schema, RESPONSE), quoted(
	    "{'name':'Ada','part':{'n':1}}"));
	memcpy(members, maker_members, sizeof(members));
	members[2].flags = OUT | OPTIONAL;
	s.members = members;
	assert_component(&s, RESPONSE, "Maker",
	    "{'type':'object','properties':{"
	    "'name':{'type':'string','examples':['Ada']},"
	    "'site':{'type':'string','examples':['s']},"
	    "'part':{'$ref':'#/components/schemas/Part'}},"
	    "'required':['name']}");
	members[2].flags = OUT | SPARSE;
	members[0].flags = OUT | SPARSE;
	s.sparse = true;
	assert_component(&s, RESPONSE, "Maker",
	    "{'type':'object','properties':{"
	    "'name':{'type':'string','examples':['Ada']},"
	    "'site':{'type':'string','examples':['s']},"
	    "'part':{'$ref':'#/components/schemas/Part'}},"
	    "'description':'Has the members that fields and expand "
	    "ask for.'}");
	assert_json(openapi_example(&s, RESPONSE), quoted(
	    "{'name':'Ada','site':'s','part':{'n':1}}"));
}

static void
test_example_of_all(void **state)
{
	(void)state;
	assert_json(openapi_example(&whole_schema, READ_JSON), quoted(
	    "{'id':'" EXAMPLE_UUID "','text':'abc','secret':'s',"
	    "'choice':'x','flag':false,'count':5,"
	    "'at':'2026-01-31T12:00:00.000000Z','json':{'a':1},"
	    "'parts':[{'n':1}]}"));
}

/* The example of a schema with one field, "n"; NULL: it has none. */
static void
test_examples(void **state)
{
	static const struct {
		enum member_type	 type;
		unsigned	 flags;
		const char	*regex, *fallback, *example;
		const char	*shown;
	} cases[] = {
		{ T_STR, 0, NULL, NULL, NULL, "{}" },
		{ T_STR, REQUIRED, NULL, NULL, NULL, NULL },
		{ T_STR, REQUIRED, NULL, NULL, "e", "{'n':'e'}" },
		{ T_STR, REQUIRED, NULL, "f", NULL, "{'n':'f'}" },
		{ T_STR, REQUIRED, NULL, "f", "e", "{'n':'e'}" },
		{ T_STR, REQUIRED, "^.{1,2}$", NULL, "eee", NULL },
		{ T_STR, REQUIRED, "^.{1,2}$", NULL, "ee", "{'n':'ee'}" },
		{ T_STR, REQUIRED, "^(x|y)$", NULL, "y", "{'n':'y'}" },
		{ T_STR, REQUIRED, "^(x|y)$", NULL, "z", "{'n':'x'}" },
		{ T_STR, REQUIRED, "^(x|y)$", NULL, NULL, "{'n':'x'}" },
		{ T_STR, REQUIRED, "^[5-9]$", NULL, NULL, NULL },
		{ T_INT, REQUIRED, "^[5-9]$", NULL, NULL, "{'n':5}" },
		{ T_INT, REQUIRED, "^[0-9]$", NULL, NULL, "{'n':1}" },
		{ T_INT, REQUIRED, "^[0-9]$", "7", NULL, "{'n':7}" },
		{ T_INT, REQUIRED, NULL, NULL, NULL, "{'n':1}" },
		{ T_BOOL, REQUIRED, NULL, NULL, NULL, "{'n':true}" },
		{ T_BOOL, REQUIRED, NULL, "false", NULL, "{'n':false}" },
		{ T_JSON, REQUIRED, NULL, NULL, NULL, "{'n':{}}" },
		{ T_INT, REQUIRED, "number:-5..-3", NULL, NULL, "{'n':-5}" },
		{ T_TIME, REQUIRED, NULL, NULL, NULL,
		  "{'n':'2026-01-31T12:00:00.000000Z'}" },
		{ T_UUID, REQUIRED, NULL, NULL, NULL,
		  "{'n':'" EXAMPLE_UUID "'}" },
	};
	const struct rule	*rule;
	struct member		 f;
	struct schema		 s;
	json_t			*example;
	char			 name[8];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f = (struct member){ .name = "n", .type = cases[i].type,
		    .flags = cases[i].flags, .fallback = cases[i].fallback,
		    .example = cases[i].example };
		snprintf(name, sizeof(name), "e%zu", i);
		rule = cases[i].regex == NULL ? NULL :
		    rule_of(fake_validator(name, cases[i].regex, NULL));
		s = (struct schema){ .members = &f, .nmembers = 1,
		    .rules = &rule };
		example = openapi_example(&s, READ_JSON);
		if (cases[i].shown != NULL)
			assert_json(example, quoted(cases[i].shown));
		else if (example != NULL)
			fail_msg("case %zu has an example", i);
	}
}

static void
test_the_first_problem_is_kept(void **state)
{
	(void)state;
	openapi_begin();
	assert_null(openapi_problem());
	openapi_fail("first %d", 1);
	openapi_fail("second");
	assert_string_equal(openapi_problem(), "first 1");
	openapi_begin();
	assert_null(openapi_problem());
}

/* A part for which memory is short is NULL. */
static void
test_memory_short(void **state)
{
	json_t	*object = json_object(), *array = json_array();

	(void)state;
	openapi_begin();
	openapi_put(object, "x", NULL);
	assert_string_equal(openapi_problem(), "out of memory");
	openapi_begin();
	openapi_add(array, NULL);
	assert_string_equal(openapi_problem(), "out of memory");
	openapi_begin();
	openapi_put(object, "x", json_true());
	openapi_add(array, json_true());
	assert_null(openapi_problem());
	assert_json(object, "{\"x\":true}");
	assert_json(array, "[true]");
	json_decref(openapi_components());
}

static int
setup(void **state)
{
	(void)state;
	fake_validator("w_length", "^.{1,3}$", NULL);
	fake_validator("w_choice", "^(x|y)$", NULL);
	fake_validator("w_number", "^[5-9]$", NULL);
	return (schemas_init() == NULL ? 0 : -1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_query_parameters),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_example_of_all),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_the_first_problem_is_kept),
		cmocka_unit_test(test_memory_short),
	};

	return (cmocka_run_group_tests_name("openapi_schemas", tests, setup,
	    NULL));
}
