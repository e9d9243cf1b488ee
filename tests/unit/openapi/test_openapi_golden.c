/* SPDX-License-Identifier: ISC */
/*
 * The description that Keel makes of itself is the one in tests/golden, where
 * each tag and each component has a file (tests/api/support/golden.py). The
 * product's names are not compared: a project has its own.
 */

/* sources: app */

#include "client.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openapi/openapi.h"
#include "product.h"

#define GOLDEN	"../golden/openapi/"	/* relative to tests/unit */

static const char	*problem;
static unsigned		 compared;	/* files */

/* Fails at the first line that differs. */
static void
compare(const char *name, char *made, char *golden)
{
	const char	*made_line, *golden_line;
	char		*made_rest, *golden_rest;
	unsigned	 line = 0;

	made_line = strtok_r(made, "\n", &made_rest);
	golden_line = strtok_r(golden, "\n", &golden_rest);
	while (made_line != NULL && golden_line != NULL) {
		line++;
		if (strcmp(made_line, golden_line) != 0)
			fail_msg("%s: line %u is %s\nnot %s", name, line,
			    made_line, golden_line);
		made_line = strtok_r(NULL, "\n", &made_rest);
		golden_line = strtok_r(NULL, "\n", &golden_rest);
	}
	assert_null(made_line);
	assert_null(golden_line);
}

/* Replaces names that begin so, such as keel_rt_... */
static char *
renamed(char *text, const char *from, const char *to)
{
	char		*out, *p, *next, before;
	size_t		 size;
	FILE		*f = open_memstream(&out, &size);

	assert_non_null(f);
	for (p = text; (next = strstr(p, from)) != NULL;
	    p = next + strlen(from)) {
		before = next == text ? ' ' : next[-1];
		fprintf(f, "%.*s%s", (int)(next - p), p,
		    isalnum((unsigned char)before) || before == '_' ?
		    from : to);
	}
	fputs(p, f);
	assert_int_equal(fclose(f), 0);
	free(text);
	return (out);
}

static void
check_file(const char *folder, const char *title, const json_t *part)
{
	char	 path[256], *made, *text;
	json_t	*golden;

	snprintf(path, sizeof(path), GOLDEN "%s%s.json", folder, title);
	if (access(path, F_OK) != 0)	/* golden.py says whether it must be */
		return;
	golden = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (golden == NULL)
		fail_msg("%s is no JSON: run make golden", path);
	made = renamed(renamed(json_dumps(part, JSON_INDENT(1)), PRODUCT "_",
	    "keel_"), ENV(""), "KEEL_");
	text = json_dumps(golden, JSON_INDENT(1));
	compare(path, made, text);
	compared++;
	free(made);
	free(text);
	json_decref(golden);
}

/* {"paths": ...} of the tag, as the first operation of each path has it. */
static json_t *
paths_of(json_t *made, const char *tag)
{
	json_t		*paths = json_object(), *path;
	const char	*name, *own;

	json_object_foreach(json_object_get(made, "paths"), name, path) {
		own = json_string_value(json_array_get(json_object_get(
		    json_object_iter_value(json_object_iter(path)), "tags"),
		    0));
		if (strcmp(own, tag) == 0)
			json_object_set(paths, name, path);
	}
	return (paths);
}

static void
check_tags(json_t *made)
{
	json_t		*tag, *part;
	const char	*name;
	size_t		 i;

	json_array_foreach(json_object_get(made, "tags"), i, tag) {
		name = json_string_value(json_object_get(tag, "name"));
		part = json_pack("{s:O, s:o}", "tag", tag, "paths",
		    paths_of(made, name));
		check_file("tags/", name, part);
		json_decref(part);
	}
}

static unsigned
count_files(const char *folder)
{
	char		 path[512];
	struct dirent	*entry;
	unsigned	 count = 0;
	DIR		*d = opendir(folder);

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (*entry->d_name != '.')
			count += entry->d_type == DT_DIR ? count_files(path) :
			    1;
	}
	closedir(d);
	return (count);
}

static void
test_the_description_is_the_one_in_git(void **state)
{
	const struct static_file	*file = openapi_file();
	json_t				*made, *group, *part, *info;
	const char			*kind, *name;
	char				 folder[64];

	(void)state;
	assert_null(problem);
	assert_string_equal(file->type, "application/json");
	assert_int_equal(file->plain.len, strlen(file->plain.bytes));
	made = json_loads(file->plain.bytes, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(made);
	check_tags(made);
	json_object_foreach(json_object_get(made, "components"), kind, group) {
		snprintf(folder, sizeof(folder), "components/%s/", kind);
		json_object_foreach(group, name, part)
			check_file(folder, name, part);
	}
	info = json_object_get(made, "info");
	assert_string_equal(json_string_value(json_object_get(info, "title")),
	    PRODUCT_TITLE);
	json_object_del(info, "title");
	json_object_del(info, "version");
	json_object_del(info, "contact");
	json_object_del(made, "tags");
	json_object_del(made, "paths");
	json_object_del(made, "components");
	check_file("", "info", made);
	assert_int_equal(compared, count_files(GOLDEN));
	json_decref(made);
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
