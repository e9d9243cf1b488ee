/* SPDX-License-Identifier: ISC */
/* The description that Keel makes of itself is the one in tests/golden. */

/* sources: app */

#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "openapi/openapi.h"

#define GOLDEN	"../golden/openapi.json"	/* relative to tests/unit */

static const char	*problem;

/* Fails at the first line that differs. */
static void
compare(char *made, char *golden)
{
	const char	*made_line, *golden_line;
	char		*made_rest, *golden_rest;
	unsigned	 line = 0;

	made_line = strtok_r(made, "\n", &made_rest);
	golden_line = strtok_r(golden, "\n", &golden_rest);
	while (made_line != NULL && golden_line != NULL) {
		line++;
		if (strcmp(made_line, golden_line) != 0)
			fail_msg("line %u is %s\nnot %s", line, made_line,
			    golden_line);
		made_line = strtok_r(NULL, "\n", &made_rest);
		golden_line = strtok_r(NULL, "\n", &golden_rest);
	}
	assert_null(made_line);
	assert_null(golden_line);
}

static void
test_the_description_is_the_one_in_git(void **state)
{
	const struct static_file	*file = openapi_file();
	json_t				*made, *golden;
	char				*made_text, *golden_text;

	(void)state;
	assert_null(problem);
	assert_string_equal(file->type, "application/json");
	assert_int_equal(file->plain.len, strlen(file->plain.bytes));
	made = json_loads(file->plain.bytes, JSON_REJECT_DUPLICATES, NULL);
	golden = json_load_file(GOLDEN, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(made);
	assert_non_null(golden);
	made_text = json_dumps(made, JSON_INDENT(1));
	golden_text = json_dumps(golden, JSON_INDENT(1));
	assert_non_null(made_text);
	assert_non_null(golden_text);
	compare(made_text, golden_text);
	free(made_text);
	free(golden_text);
	json_decref(made);
	json_decref(golden);
}

/* Spaces would be sent with every response. */
static void
test_it_has_no_spaces_between_its_parts(void **state)
{
	json_t	*made = json_loads(openapi_file()->plain.bytes, 0, NULL);
	char	*text = json_dumps(made, JSON_COMPACT);

	(void)state;
	assert_string_equal(openapi_file()->plain.bytes, text);
	free(text);
	json_decref(made);
}

static int
setup(void **state)
{
	if (client_start(state) != 0)
		return (-1);
	problem = openapi_init();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_the_description_is_the_one_in_git),
		cmocka_unit_test(test_it_has_no_spaces_between_its_parts),
	};

	return (cmocka_run_group_tests_name("openapi", tests, setup, NULL));
}
