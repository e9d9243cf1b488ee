/* SPDX-License-Identifier: ISC */
/* How validators that the shipped kore.conf does not have are described. */

/* sources: app */

#include "../client.h"

#include <stdlib.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "openapi/openapi_build.h"
#include "schema/validator.h"

static void
check_text(json_t *found, const char *expected)
{
	char	*text = json_dumps(found, JSON_COMPACT | JSON_SORT_KEYS |
		    JSON_ENCODE_ANY);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_decref(found);
}

static void
test_query_parameters(void **state)
{
	static const struct {
		const char	*pattern;
		const char	*fallback;
		const char	*schema;
	} rows[] = {
		{ "^(true|false)$", "true",
		    "{\"default\":true,\"type\":\"boolean\"}" },
		{ "^(false|true)$", "false",
		    "{\"default\":false,\"type\":\"boolean\"}" },
		{ "^(1|false|True|true|0)$", NULL, "{\"type\":\"boolean\"}" },
		{ "^(0|1)$", NULL,
		    "{\"enum\":[\"0\",\"1\"],\"type\":\"string\"}" },
		{ "^(true|0)$", NULL,
		    "{\"enum\":[\"true\",\"0\"],\"type\":\"string\"}" },
		{ "^(1|false)$", NULL,
		    "{\"enum\":[\"1\",\"false\"],\"type\":\"string\"}" },
		{ "^(true|maybe)$", "true", "{\"default\":\"true\","
		    "\"enum\":[\"true\",\"maybe\"],\"type\":\"string\"}" },
		{ "^(maybe|false)$", NULL,
		    "{\"enum\":[\"maybe\",\"false\"],\"type\":\"string\"}" },
		{ "^(false|false)$", NULL,
		    "{\"enum\":[\"false\",\"false\"],\"type\":\"string\"}" },
		{ "^(true)$", NULL,
		    "{\"enum\":[\"true\"],\"type\":\"string\"}" },
		{ "^(true|false|both)$", NULL, "{\"enum\":[\"true\",\"false\","
		    "\"both\"],\"type\":\"string\"}" },
		{ "^.{0,5}$", NULL, "{\"maxLength\":5,\"type\":\"string\"}" },
		{ "^.{1,5}$", "x", "{\"default\":\"x\",\"maxLength\":5,"
		    "\"minLength\":1,\"type\":\"string\"}" },
		{ "^[1-9][0-9]{0,8}$", "20", "{\"default\":20,"
		    "\"maximum\":999999999,\"minimum\":1,"
		    "\"type\":\"integer\"}" },
		{ "^[a-z]+$", NULL,
		    "{\"pattern\":\"^[a-z]+$\",\"type\":\"string\"}" },
		{ "^[[:alpha:]]+$", NULL, "{\"description\":\"Matches the "
		    "POSIX regular expression ^[[:alpha:]]+$\","
		    "\"type\":\"string\"}" },
		{ "number:-5..7000", NULL, "{\"maximum\":7000,"
		    "\"minimum\":-5,\"type\":\"integer\"}" },
		{ "length:0..20000", NULL,
		    "{\"maxLength\":20000,\"type\":\"string\"}" },
		{ "^([a-z]{1,20} )*$", NULL, "{\"maxLength\":1024,"
		    "\"pattern\":\"^([a-z]{1,20} )*$\","
		    "\"type\":\"string\"}" },
	};
	json_t	*schema;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		schema = openapi_query_schema(rule_of(fake_validator("v_x",
		    rows[i].pattern, NULL)), rows[i].fallback, NULL);
		json_object_del(schema, "examples");	/* test_examples() */
		check_text(schema, rows[i].schema);
	}
}

/* Of parameters: all that can be shown, never as an "example". */
static void
test_examples(void **state)
{
	static const struct {
		const char	*pattern;
		const char	*fallback, *example;
		const char	*shown;
	} rows[] = {
		{ "^.{0,5}$", NULL, NULL, NULL },
		{ "^.{0,5}$", NULL, "", "[\"\"]" },
		{ "^.{1,5}$", NULL, "ada", "[\"ada\"]" },
		{ "^.{1,5}$", NULL, "123456", NULL },
		{ "^.{1,5}$", "x", NULL, "[\"x\"]" },
		{ "^.{1,5}$", "x", "ada", "[\"ada\"]" },
		{ "^[a-z]+$", NULL, "a", "[\"a\"]" },
		{ "^(up|down)$", NULL, NULL, "[\"up\"]" },
		{ "^(true|false)$", NULL, NULL, "[true]" },
		{ "^[0-9]$", NULL, NULL, "[1]" },
		{ "^[5-9]$", NULL, NULL, "[5]" },
		{ "^[1-9][0-9]$", "20", NULL, "[20]" },
	};
	json_t	*schema, *shown;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		schema = openapi_query_schema(rule_of(fake_validator("v_x",
		    rows[i].pattern, NULL)), rows[i].fallback,
		    rows[i].example);
		assert_null(json_object_get(schema, "example"));
		shown = json_incref(json_object_get(schema, "examples"));
		if (rows[i].shown == NULL)
			assert_null(shown);
		else
			check_text(shown, rows[i].shown);
		json_decref(schema);
	}
	check_text(openapi_path_schema(T_UUID), "{\"examples\":[\""
	    EXAMPLE_UUID "\"],\"format\":\"uuid\",\"type\":\"string\"}");
	check_text(openapi_path_schema(T_STR), "{\"type\":\"string\"}");
}

static void
test_types(void **state)
{
	static const struct {
		enum member_type	 type;
		const char	*schema;
	} rows[] = {
		{ T_STR, "{\"type\":\"string\"}" },
		{ T_UUID, "{\"format\":\"uuid\",\"type\":\"string\"}" },
		{ T_BOOL, "{\"type\":\"boolean\"}" },
		{ T_INT, "{\"type\":\"integer\"}" },
		{ T_TIME, "{\"format\":\"date-time\",\"type\":\"string\"}" },
		{ T_JSON,
		    "{\"additionalProperties\":true,\"type\":\"object\"}" },
		{ T_LIST, "{\"type\":\"array\"}" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_text(openapi_type_schema(rows[i].type),
		    rows[i].schema);
}

static void
test_names(void **state)
{
	static const char *const rows[][2] = {
		{ "user_create", "UserCreate" }, { "NOT_FOUND", "NotFound" },
		{ "user", "User" }, { "a_b_c", "ABC" },
	};
	char	 name[OPENAPI_NAME_MAX];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		openapi_name(rows[i][0], name);
		assert_string_equal(name, rows[i][1]);
	}
}

/* The first report is the cause of the others. */
static void
test_what_cannot_be_described(void **state)
{
	(void)state;
	openapi_begin();
	assert_null(openapi_problem());
	openapi_fail("the first, %d", 1);
	openapi_fail("the second");
	assert_string_equal(openapi_problem(), "the first, 1");
	json_decref(openapi_components());
	openapi_begin();
	assert_null(openapi_problem());
	openapi_put(NULL, "x", NULL);
	assert_non_null(openapi_problem());
	json_decref(openapi_components());
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_query_parameters),
		CLIENT_TEST(test_examples),
		CLIENT_TEST(test_types),
		CLIENT_TEST(test_names),
		CLIENT_TEST(test_what_cannot_be_described),
	};

	return (cmocka_run_group_tests_name("openapi_schemas", tests,
	    client_start, NULL));
}
