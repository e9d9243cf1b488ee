/* SPDX-License-Identifier: ISC */
/*
 * Checks kore.conf before Kore reads it: for ^.{0,20000}$ glibc would take 6
 * GiB, \d means another thing to it than it seems to, and Kore itself says too
 * little about a wrong name.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kore_conf.h"
#include "kore_conf_names.h"
#include "schema/validator.h"
#include "utils/posix.h"
#include "utils/start_error.h"

#define INCLUDES_MAX	4	/* files in files */
#define BLANKS		" \t\n\v\f\r"

static const char	*check_file(const char *, unsigned);

static bool	 names;		/* the second reading: it checks the names */

/* Cuts the first word off, and returns it; *rest is what follows, trimmed. */
static char *
take_word(char **rest)
{
	char	*word = *rest + strspn(*rest, BLANKS);
	char	*end = word + strcspn(word, " \t");

	*rest = end;
	if (*end != '\0') {
		*rest = end + 1 + strspn(end + 1, BLANKS);
		*end = '\0';
	}
	return (word);
}

static void
trim_end(char *text)
{
	size_t	 len = strlen(text);

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

/* Kore makes a tab a blank. */
static const char *
tab_problem(const char *text)
{
	return (strchr(text, '\t') == NULL ? NULL :
	    "a tab would become a blank: write [[:blank:]]");
}

static const char *
check_validator(char *line, char **name)
{
	const char	*problem;
	char		*type;

	*name = take_word(&line);
	type = take_word(&line);
	if (strcmp(type, "regex") != 0 || *line == '\0')
		return (NULL);
	if ((problem = tab_problem(line)) != NULL)
		return (problem);
	return (rule_problem(line));
}

static const char *
check_route(char *line, char **path)
{
	*path = take_word(&line);
	if (**path != '/' && **path != '^')
		return (start_error("a path begins with /: write /%s, or a "
		    "regex such as ^/%s/([^/]+)$", *path, *path));
	return (**path == '/' ? NULL : posix_problem(*path));
}

/* The line's first words: "validator v_name", "params qs:get /api/v1/users". */
static char *
name_in(const char *kind, char *line)
{
	char	*name = line;

	take_word(&line);
	if (strcmp(kind, "params") == 0 && *line != '\0') {
		name[strlen(name)] = ' ';
		take_word(&line);
	}
	return (name);
}

static const char *
check_names(const char *kind, char *line, char **name)
{
	const char	*problem = conf_names_take(kind, line);

	*name = name_in(kind, line);
	return (problem);
}

/* Returns what is wrong with a line, without its number. */
static const char *
check_line(char *line, unsigned depth, const char **kind, char **name)
{
	*name = NULL;
	trim_end(line);
	*kind = take_word(&line);
	if (**kind == '\0' || **kind == '#')
		return (NULL);
	if (names && strcmp(*kind, "include") != 0)
		return (check_names(*kind, line, name));
	if (*line == '\0')
		return (NULL);
	if (strcmp(*kind, "validator") == 0)
		return (check_validator(line, name));
	if (strcmp(*kind, "route") == 0)
		return (check_route(line, name));
	if (strcmp(*kind, "include") == 0)
		return (check_file(line, depth + 1));
	return (NULL);
}

/* Returns the line's problem, with file, line and name. */
static const char *
check_numbered(char *line, const char *file, unsigned number, unsigned depth)
{
	const char	*problem, *kind;
	char		*name;

	if (strlen(line) >= BUFSIZ)	/* Kore would make it two lines */
		return (start_error("%s:%u: the line is too long", file,
		    number));
	problem = check_line(line, depth, &kind, &name);
	if (problem == NULL || name == NULL)
		return (problem);	/* of an included file */
	return (start_error("%s:%u: %s%s%s: %s", file, number, kind,
	    *name == '\0' ? "" : " ", name, problem));
}

static const char *
check_lines(FILE *f, const char *file, unsigned depth)
{
	const char	*problem = NULL;
	char		*line = NULL;
	size_t		 size = 0;
	unsigned	 number;

	for (number = 1; problem == NULL && getline(&line, &size, f) != -1;
	    number++)
		problem = check_numbered(line, file, number, depth);
	free(line);
	return (problem);
}

static const char *
check_file(const char *file, unsigned depth)
{
	const char	*problem;
	FILE		*f;

	if (depth > INCLUDES_MAX || file == NULL ||
	    (f = fopen(file, "r")) == NULL)
		return (NULL);
	problem = check_lines(f, file, depth);
	fclose(f);
	return (problem);
}

const char *
kore_conf_problem(const char *file, bool (*has_symbol)(const char *))
{
	const char	*problem;

	names = false;
	if ((problem = check_file(file, 0)) != NULL || has_symbol == NULL)
		return (problem);
	names = true;
	conf_names_begin(has_symbol);
	problem = check_file(file, 0);
	conf_names_end();
	return (problem);
}
