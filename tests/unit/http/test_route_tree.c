/* SPDX-License-Identifier: ISC */
/* Paths without a regex: the tree finds what Kore's regexes would find. */

/* sources: src/http/path_shape.c src/http/route_tree.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/route_tree.h"

#define ROUTES	200

/* The tree returns them, and never looks at them. */
static const char	 places[ROUTES];

static const struct route *
nth(size_t i)
{
	return ((const struct route *)(const void *)&places[i]);
}

/* All shapes, whose texts the trees have. */
static struct path_shape	*kept[2 * ROUTES];
static size_t			 nkept;

static struct path_shape *
shape_of(const char *path)
{
	kept[nkept] = *path == '^' ? path_shape_of_regex(path) :
	    path_shape_of_text(path);
	return (kept[nkept++]);
}

static void
test_which_have_a_shape(void **state)
{
	static const char *const	 yes[] = { "/", "/a", "/a/b.c", "/a/",
	    "/a//b", "^/a$", "^/$", "^/([^/]+)$", "^/a\\.b/([^/]+)/c$",
	    "^/([^/]+)/([^/]+)$", "^/a\\$$", "^/a\\\\b$" };
	static const char *const	 no[] = { "", "a", "^a$", "^/a",
	    "^/a.b$", "^/a$|^/b$", "^/(a)$", "^/([^/]*)$", "^/([^/]+$",
	    "^/x([^/]+)$", "^/([^/]+)x$", "^/([^/]+)([^/]+)$", "^/a?$",
	    "^/a+$", "^/a{2}$", "^/[ab]$", "^.*$", "^/(.*)$", "^/a$b",
	    "^/a\\", "^/a\\b$", "^/a\\d$", "^", "^$", "^/([^/]+)?$",
	    "^/a$$", "^/\x01$" };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (shape_of(yes[i]) == NULL)
			fail_msg("%s has no shape", yes[i]);
	}
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (shape_of(no[i]) != NULL)
			fail_msg("%s has a shape", no[i]);
	}
}

static void
test_groups(void **state)
{
	struct path_shape	*shape;
	struct span		 groups[2];

	(void)state;
	shape = shape_of("^/a\\.b/([^/]+)/c/([^/]+)$");
	assert_true(path_shape_match(shape, "/a.b/12/c/%20x", groups));
	assert_int_equal(groups[0].start, 5);
	assert_int_equal(groups[0].end, 7);
	assert_int_equal(groups[1].start, 10);
	assert_int_equal(groups[1].end, 14);
	assert_true(path_shape_match(shape, "/a.b/12/c/x", NULL));
	assert_false(path_shape_match(shape, "/a.b//c/x", groups));
	assert_false(path_shape_match(shape, "/axb/12/c/x", groups));
	assert_false(path_shape_match(shape, "/a.b/12/c/x/", groups));
	assert_false(path_shape_match(shape, "/a.b/12/c", groups));
	assert_false(path_shape_match(shape, "", groups));
}

/* Some of them hide others, at each depth. */
static const char *const	patterns[] = {
	"/users/me", "/users", "^/users/([^/]+)$", "/users/new",
	"^/users/me/([^/]+)$", "^/users/([^/]+)/posts$",
	"^/users/([^/]+)/([^/]+)$", "/users/new/posts", "/", "^/([^/]+)$",
	"^/([^/]+)/me$", "^/([^/]+)/([^/]+)/posts$", "/posts/", "/users//posts",
	"^/users/([^/]+)/posts/([^/]+)$", "/users/me/posts/new",
	"/users",
};

#define NPATTERNS	(sizeof(patterns) / sizeof(patterns[0]))

static regex_t	regexes[NPATTERNS];

static int
compile_regexes(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NPATTERNS; i++) {
		if (*patterns[i] == '^')
			assert_int_equal(regcomp(&regexes[i], patterns[i],
			    REG_EXTENDED), 0);
	}
	return (0);
}

static int
free_regexes(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NPATTERNS; i++) {
		if (*patterns[i] == '^')
			regfree(&regexes[i]);
	}
	return (0);
}

static size_t
first_by_regex(const char *path)
{
	size_t	 i;

	for (i = 0; i < NPATTERNS; i++) {
		if (*patterns[i] == '^' ?
		    regexec(&regexes[i], path, 0, NULL, 0) == 0 :
		    strcmp(patterns[i], path) == 0)
			return (i);
	}
	return (SIZE_MAX);
}

static void
check(const struct route_tree *tree, const char *path)
{
	const struct route_tree	*found = route_tree_find(tree, path);
	size_t			 i = first_by_regex(path);

	if ((found == NULL) != (i == SIZE_MAX) || (found != NULL &&
	    (found->route != nth(i) || found->order != i)))
		fail_msg("%s goes to %zu and not to %zu", path,
		    found != NULL ? found->order : SIZE_MAX, i);
}

/* Every path of up to five of these segments, beginning with a slash or not. */
static void
test_the_first_one_that_matches(void **state)
{
	static const char *const	 texts[] = { "", "/", "users", "/users",
	    "/me", "/posts", "/new", "/\xff" };
	static const size_t		 n = sizeof(texts) / sizeof(texts[0]);
	static struct route_tree	 tree;
	char				 path[64];
	size_t				 i, rest, places_left;

	(void)state;
	for (i = 0; i < NPATTERNS; i++)
		assert_true(route_tree_add(&tree, shape_of(patterns[i]),
		    nth(i), i));
	for (i = 0; i < n * n * n * n * n; i++) {
		*path = '\0';
		for (rest = i, places_left = 5; places_left > 0;
		    rest /= n, places_left--)
			strcat(path, texts[rest % n]);
		check(&tree, path);
	}
}

static void
test_many(void **state)
{
	static struct route_tree tree;
	char			 path[64];
	size_t			 i, at;

	(void)state;
	for (i = 0; i < ROUTES; i++) {
		at = i * 7 % ROUTES;
		snprintf(path, sizeof(path), "^/api/r%zu/([^/]+)$", at);
		assert_true(route_tree_add(&tree, shape_of(path), nth(at),
		    at));
	}
	assert_int_equal(tree.named[0]->nnamed, ROUTES);
	for (i = 0; i < ROUTES; i++) {
		snprintf(path, sizeof(path), "/api/r%zu/x", i);
		assert_ptr_equal(route_tree_find(&tree, path)->route, nth(i));
	}
	assert_null(route_tree_find(&tree, "/api/r200/x"));
	assert_null(route_tree_find(&tree, "/api/r/x"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_which_have_a_shape),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_the_first_one_that_matches),
		cmocka_unit_test(test_many),
	};

	return (cmocka_run_group_tests_name("route_tree", tests,
	    compile_regexes, free_regexes));
}
