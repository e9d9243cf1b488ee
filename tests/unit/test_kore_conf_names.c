/* SPDX-License-Identifier: ISC */
/* The check of kore.conf's names, before Kore reads them. */

/* sources: src/kore_conf.c src/kore_conf_names.c src/schema/validator.c */
/* sources: src/request/ctx.c src/coro/coro.c src/base/arena.c src/base/mem.c */
/* sources: src/base/faults.c src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/error_details.c tests/unit/fakes/kore_fake.c */

#include "request/request_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kore_conf.h"

#define TOP	"validator v regex ^a$\ndomain * {\n"
#define PARAMS	TOP "route /a here\nparams qs:get /a {\n"

static char	 folder[] = "/tmp/kore_conf.XXXXXX";

/* The program of the tests has these. */
static bool
has_symbol(const char *name)
{
	return (strcmp(name, "v_f") == 0 || strcmp(name, "here__route") == 0);
}

static const char *
problem_of(const char *text)
{
	FILE	*f = fopen("k.conf", "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return (kore_conf_problem("k.conf", has_symbol));
}

static const struct {
	const char	*text, *says;
} mistakes[] = {
	{ "validator w ^a$\n", "1: validator w: write validator w regex RULE, "
	    "or validator w function FUNCTION" },
	{ "validator w regexp ^a$\n", "1: validator w: write validator w "
	    "regex RULE, or validator w function FUNCTION" },
	{ "validator w regex\n", "1: validator w: write validator w regex "
	    "RULE, or validator w function FUNCTION" },
	{ "validator\n", "1: validator: write validator NAME regex RULE, or "
	    "validator NAME function FUNCTION" },
	{ "validator w function v_g\n", "1: validator w: no VALIDATOR(v_g) is "
	    "in src" },
	{ "validator w regex ^a$\nvalidator w regex ^b$\n", "2: validator w: "
	    "it is there twice, and only the first one would count: take one "
	    "out" },
	{ "route /a here\n", "1: route /a: it stands outside of domain * "
	    "{ ... }" },
	{ TOP "route /a here\n}\nroute /b here\n", "5: route /b: it stands "
	    "outside of domain * { ... }" },
	{ TOP "route /a\n", "3: route /a: write route /a NAME, for "
	    "ROUTE(NAME, ...)" },
	{ TOP "route /a there\n", "3: route /a: no router has ROUTE(there, "
	    "...): write one, or correct the name" },
	{ TOP "params qs:get /a {\n", "3: params qs:get /a: no route above it "
	    "has the path /a: write the path as in its route, and the block "
	    "below that" },
	{ TOP "route /a here\n}\ndomain * {\nparams get /a {\n", "6: params "
	    "get /a: no route above it has the path /a: write the path as in "
	    "its route, and the block below that" },
	{ TOP "params /a {\n", "3: params /a {: write params qs:get PATH {, "
	    "with the path of a route" },
	{ TOP "params qs:get\n", "3: params qs:get: write params qs:get PATH "
	    "{, with the path of a route" },
	{ TOP "params\n", "3: params: write params qs:get PATH {, with the "
	    "path of a route" },
	{ PARAMS "params qs:get /a {\n", "5: params qs:get /a: the params "
	    "block above it does not end: write }" },
	{ PARAMS "validate a w\n", "5: validate a: no validator w is above "
	    "it: write validator w regex RULE at the top" },
	{ PARAMS "validate a\n", "5: validate a: write validate a VALIDATOR" },
	{ PARAMS "valdate a v\n", "5: valdate a: a params block has only "
	    "lines validate NAME VALIDATOR, and ends with }" },
	{ PARAMS "}\nvalidate a v\n", "6: validate a: it stands outside of "
	    "params qs:get PATH { ... }" },
};

static void
test_mistakes(void **state)
{
	const char	*problem;
	char		 says[300];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		snprintf(says, sizeof(says), "k.conf:%s", mistakes[i].says);
		problem = problem_of(mistakes[i].text);
		if (problem == NULL || strcmp(problem, says) != 0)
			fail_msg("%s: %s", mistakes[i].text, problem);
	}
}

/* Kore reads all of this. */
static void
test_what_is_right(void **state)
{
	(void)state;
	assert_null(problem_of("validator v function v_f\nserver a {\n"
	    "tls no\n}\ndomain * {\nattach a\nauthentication x {\n}\n"
	    "route /a here\nroute ^/b/([^/]+)$ here\n\n"
	    "params qs:get ^/b/([^/]+)$ {\n# all\nvalidate a v\n}\n"
	    "params qs:DELETE /a\n{\nvalidate a v\n}\nroute /c here\n}\n"
	    "foo\nbar 1\n"));
}

/* A regex goes first, wherever it is. */
static void
test_regexes_go_first(void **state)
{
	const char	*problem;

	(void)state;
	problem = problem_of("validator w ^a$\nvalidator v regex ^\\d$\n");
	assert_string_equal(problem, "k.conf:2: validator v: \\d is not "
	    "POSIX: write [0-9]");
}

static int
begin(void **state)
{
	(void)state;
	return (mkdtemp(folder) == NULL || chdir(folder) == -1);
}

static int
end(void **state)
{
	(void)state;
	unlink("k.conf");
	return (rmdir(folder));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_what_is_right),
		cmocka_unit_test(test_regexes_go_first),
	};

	return (cmocka_run_group_tests_name("kore_conf_names", tests, begin,
	    end));
}
