/* SPDX-License-Identifier: ISC */
/* Paths of kore.conf in the description: which have a template, and which. */

/* sources: src/http/path_shape.c src/http/route_tree.c */
/* sources: src/openapi/openapi_path.c src/http/path_template.c */
/* sources: src/http/routes.c src/http/query.c */
/* sources: src/schema/validator.c src/request/ctx.c src/coro/coro.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: src/request/raise.c src/base/error_kinds.c */
/* sources: src/request/endpoint.c src/request/error_details.c */
/* sources: tests/unit/fakes/kore_fake.c */
/* defines: -no-pie -Wl,--unresolved-symbols=ignore-all */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fakes/kore_fake.h"
#include "openapi/openapi_build.h"

static const struct route_row	rows[] = {
	{ .kind = ROW_PARAM, .name = "query" },
	PATH(one, T_UUID),
	{ .kind = ROW_ENDPOINT },
	PATH(two, T_STR),
};

/* In blocks of exactly their sizes: AddressSanitizer sees one byte too many. */
static bool
describe(const char *path, bool is_regex, char out[static OPENAPI_PATH_MAX])
{
	struct kore_module_handle	 handle = { .path = strdup(path) };
	struct route			 r = { .rows = rows, .nrows = 4,
					    .hdlr = &handle };
	char				*text = malloc(OPENAPI_PATH_MAX);
	bool				 fine;

	assert_non_null(handle.path);
	assert_non_null(text);
	if (is_regex)		/* which one does not matter */
		r.regex = (struct path_regex *)&r;
	if ((fine = openapi_path(&r, text)))
		memcpy(out, text, strlen(text) + 1);
	free(text);
	free(handle.path);
	return (fine);
}

static void
test_templates(void **state)
{
	static const struct {
		const char	*regex;
		const char	*template;
	} cases[] = {
		{ "^/a/b$", "/a/b" },
		{ "^/a/b", "/a/b" },
		{ "/a/b$", "/a/b" },
		{ "^/a/([^/]+)$", "/a/{one}" },
		{ "^/a/([^/]+)/b/([0-9a-f-]{36})$", "/a/{one}/b/{two}" },
		{ "^/a/([^/]+)/b$", "/a/{one}/b" },
		{ "^/a/()$", "/a/{one}" },
		{ "^/a/(x|y*)/(.+)z$", "/a/{one}/{two}z" },
		/* A bracket may contain what ends a group, or begins one. */
		{ "^/a/([^)(]+)/b$", "/a/{one}/b" },
		{ "^/a/([)(]+)/b$", "/a/{one}/b" },
		{ "^/a/([])(]+)/b$", "/a/{one}/b" },
		{ "^/a/([^])(]+)/b$", "/a/{one}/b" },
		{ "^/a/([\\])/b$", "/a/{one}/b" },
		{ "^/a/([a^)]+)/b$", "/a/{one}/b" },
		{ "^/a/([)]x[(])/b$", "/a/{one}/b" },
		/* An escape makes any of them a character. */
		{ "^/a/(x\\)y)/b$", "/a/{one}/b" },
		{ "^/a/(\\(x)/b$", "/a/{one}/b" },
		{ "^/a/(\\[x)/b$", "/a/{one}/b" },
		{ "^/a\\.b\\$\\^\\(\\)\\*$", "/a.b$^()*" },
		{ "^/a\\\\$", "/a\\" },
		{ "", "" },
	};
	char	 out[OPENAPI_PATH_MAX];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!describe(cases[i].regex, true, out))
			fail_msg("%s has no template", cases[i].regex);
		assert_string_equal(out, cases[i].template);
	}
}

static void
test_no_templates(void **state)
{
	static const char *const	 cases[] = {
		"^/a.b$", "^/a[b]$", "^/a]$", "^/ab*$", "^/ab+$", "^/ab?$",
		"^/ab{2}$", "^/a}$", "^/a|b$", "^/a^b$", "^^/a$", "^/a$b",
		"^/a$$", "^/a)$", "^/a(b$", "^/a(b(c))$", "^/a(b)(c)(d)$",
		"^/a([b)$", "^/a([", "^/a([^", "^/a([]", "^/a([]x)", "^/a(\\",
		"^/a(x\\", "^/a\\", "^/\\d$", "^/\\w+$", "^/\\b$", "^/\\1$",
		"^/a(", "^/a([^]", "^/a([^]x)",
	};
	char				 out[OPENAPI_PATH_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (describe(cases[i], true, out))
			fail_msg("%s becomes %s", cases[i], out);
	}
}

/* A path that is no regex is itself, whatever is in it. */
static void
test_plain_paths(void **state)
{
	static const char *const	 paths[] = { "/", "/healthz", "/a.b$",
	    "^/a", "/(a)", "/\\d" };
	char				 out[OPENAPI_PATH_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_true(describe(paths[i], false, out));
		assert_string_equal(out, paths[i]);
	}
}

static void
test_length(void **state)
{
	char	 path[OPENAPI_PATH_MAX + 1], out[OPENAPI_PATH_MAX];
	int	 is_regex;

	(void)state;
	memset(path, 'x', sizeof(path));
	for (is_regex = 0; is_regex < 2; is_regex++) {
		path[OPENAPI_PATH_MAX] = '\0';
		assert_false(describe(path, is_regex, out));
		path[OPENAPI_PATH_MAX - 1] = '\0';
		assert_true(describe(path, is_regex, out));
		assert_string_equal(out, path);
		path[OPENAPI_PATH_MAX - 1] = 'x';
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_no_templates),
		cmocka_unit_test(test_plain_paths),
		cmocka_unit_test(test_length),
	};

	return (cmocka_run_group_tests_name("openapi_path", tests, NULL,
	    NULL));
}
