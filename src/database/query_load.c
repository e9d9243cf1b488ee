/* SPDX-License-Identifier: ISC */
/*
 * Reads the query files at the start: finds their sections, and makes a
 * statement of each that a QUERY declares, and several of each list.
 */

#include <string.h>

#include "database/database.h"
#include "database/query_load.h"

#define HEADING		"-- name: "	/* as long as "-- list: " */
#define NAME_MAX_BYTES	63		/* what PostgreSQL keeps of a name */

REGISTERED(const struct query_file, query_files);
REGISTERED(struct query, queries);
REGISTERED(struct list, lists);

/* A project may have no list. */
#pragma weak __start_registered_lists
#pragma weak __stop_registered_lists

/* In the order of the files. */
static struct query	**statements;
static size_t		  nstatements;

/* The one that a QUERY declares; NULL: none, or several, a problem. */
static struct query *
find_query(const struct query_section *s, const char **problem)
{
	struct query	*const *q, *found = NULL;

	EACH_REGISTERED(q, queries) {
		if (strcmp((*q)->name, s->name) != 0)
			continue;
		if (found != NULL)
			*problem = section_problem(s, "two QUERYs declare it");
		found = *q;
	}
	return (*problem == NULL ? found : NULL);
}

static struct list *
find_list(const struct query_section *s, const char **problem)
{
	struct list	*const *l, *found = NULL;

	EACH_REGISTERED(l, lists) {
		if (strcmp((*l)->name, s->name) != 0)
			continue;
		if (found != NULL)
			*problem = section_problem(s, "two LIST_QUERYs declare "
			    "it");
		found = *l;
	}
	return (*problem == NULL ? found : NULL);
}

static const char *
add_statement(const struct query_section *s, struct query *q)
{
	if (strlen(q->name) > NAME_MAX_BYTES)
		return (section_problem(s, "%s: the name of a statement has at "
		    "most %d bytes", q->name, NAME_MAX_BYTES));
	statements = query_grow(statements, nstatements, sizeof(*statements));
	if (statements == NULL)
		return ("out of memory");
	statements[nstatements++] = q;
	return (NULL);
}

/* Of "users.find", find. */
static const char *
title(const struct query_section *s)
{
	return (s->name + strlen(s->file) + 1);
}

static const char *
load_query(const struct query_section *s)
{
	struct query_expansion	 x = { .section = s, .sql = query_text() };
	const char		*problem = NULL;
	struct query		*q;

	q = find_query(s, &problem);
	if (problem != NULL)
		return (problem);
	if (q == NULL && find_list(s, &problem) != NULL)
		return (section_problem(s, "a LIST_QUERY declares it: write "
		    "-- list: %s by ...", s->name));
	if (q == NULL)
		return (section_problem(s, "no QUERY declares it: write "
		    "QUERY_ONE(%s, %s, ...) or the like in a _repository.h",
		    s->file, title(s)));
	if (q->sql != NULL)
		return (section_problem(s, "two sections have this name"));
	x.names = q->names;
	x.from = q->from;
	query_expand(&x, s->text, s->len);
	problem = query_finish(&x, q);
	return (problem != NULL ? problem : add_statement(s, q));
}

static const char *
load_list(const struct query_section *s)
{
	const char	*problem = NULL;
	struct list	*l;
	size_t		 i;

	l = find_list(s, &problem);
	if (problem != NULL)
		return (problem);
	if (l == NULL && find_query(s, &problem) != NULL)
		return (section_problem(s, "a QUERY declares it: write "
		    "-- name: %s", s->name));
	if (l == NULL)
		return (section_problem(s, "no LIST_QUERY declares it: write "
		    "LIST_QUERY(%s, %s, ...) in a _models.c", s->file,
		    title(s)));
	if (l->statements != NULL)
		return (section_problem(s, "two sections have this name"));
	problem = list_load(s, l);
	for (i = 0; i < l->nstatements && problem == NULL; i++)
		problem = add_statement(s, &l->statements[i].query);
	return (problem);
}

/* What is wrong with the section, whatever it is for; or NULL. */
static const char *
check_section(const struct query_section *s)
{
	size_t	 len = strlen(s->file);

	if (strncmp(s->name, s->file, len) != 0 || s->name[len] != '.' ||
	    s->name[len + 1] == '\0')
		return (section_problem(s, "the names in this file begin with "
		    "%s.", s->file));
	if (s->len == 0)
		return (section_problem(s, "it has no statement"));
	return (NULL);
}

/* Of a line, what follows the first `skip` bytes, without blanks at its end. */
static void
add_line(struct text *t, const char *line, size_t skip)
{
	size_t	 len = strcspn(line, "\n");

	while (len > skip && strchr(" \t\r", line[len - 1]) != NULL)
		len--;
	text_add(t, line + skip, len - skip);
}

/*
 * Returns the heading, all in one line, and the beginning of the text behind
 * it. A line that ends with a comma goes on in the comment that follows.
 */
static char *
read_heading(const char *line, const char **behind)
{
	struct text	 t = query_text();

	add_line(&t, line, strlen(HEADING));
	line += strcspn(line, "\n");
	while (t.len > 0 && t.data[t.len - 1] == ',' &&
	    strncmp(line, "\n--", 3) == 0) {
		add_line(&t, line + 1, strlen("--"));
		line += 1 + strcspn(line + 1, "\n");
	}
	*behind = *line == '\n' ? line + 1 : line;
	return (query_keep(&t));
}

/* From its heading to end. */
static const char *
load_section(const char *file, const char *line, const char *end)
{
	struct query_section	 s = { .file = file };
	bool			 is_list = strncmp(line, HEADING,
				    strlen(HEADING)) != 0;
	const char		*problem;
	char			*heading;
	size_t			 len;

	if ((heading = read_heading(line, &s.text)) == NULL)
		return ("out of memory");
	len = strcspn(heading, " \t");
	s.heading = heading + len;
	s.len = s.text < end ? query_trim(s.text, (size_t)(end - s.text)) : 0;
	if ((s.name = query_strndup(heading, len)) == NULL)
		return ("out of memory");
	if ((problem = check_section(&s)) != NULL)
		return (problem);
	if (is_list)
		return (load_list(&s));
	if (*s.heading != '\0')
		return (section_problem(&s, "its heading goes on behind its "
		    "name"));
	return (load_query(&s));
}

static const char *
load_file(const struct query_file *f)
{
	struct query_token	 t = query_tokens(f->text, strlen(f->text));
	const char		*heading = NULL, *problem;

	while (query_token_next(&t)) {
		if (!query_token_is_heading(&t, f->text)) {
			if (heading == NULL && t.kind != QUERY_BLANK &&
			    t.kind != QUERY_COMMENT)
				return (start_error("sql/queries/%s.sql: "
				    "something stands before its first "
				    "-- name:", f->name));
			continue;
		}
		if (heading != NULL && (problem = load_section(f->name,
		    heading, t.start)) != NULL)
			return (problem);
		heading = t.start;
	}
	return (heading == NULL ? NULL :
	    load_section(f->name, heading, t.start));
}

/* A declared name, FILE.TITLE, that no section has. */
static const char *
missing(const char *name, const char *kind)
{
	const struct query_file	*const *f;
	size_t			 len = strcspn(name, ".");

	EACH_REGISTERED(f, query_files) {
		if (strncmp((*f)->name, name, len) == 0 &&
		    (*f)->name[len] == '\0')
			return (start_error("sql/queries/%s.sql has no "
			    "section -- %s: %s", (*f)->name, kind, name));
	}
	return (start_error("%s: nothing registers its file: write "
	    "QUERIES(%.*s)", name, (int)len, name));
}

/* Every QUERY and every LIST_QUERY has a section. */
static const char *
check_declared(void)
{
	struct query	*const *q;
	struct list	*const *l;

	EACH_REGISTERED(q, queries) {
		if ((*q)->sql == NULL)
			return (missing((*q)->name, "name"));
	}
	EACH_REGISTERED(l, lists) {
		if ((*l)->statements == NULL)
			return (missing((*l)->name, "list"));
	}
	return (NULL);
}

/* As it was before: tests load several times. */
static void
forget_all(void)
{
	struct query	*const *q;
	struct list	*const *l;

	EACH_REGISTERED(q, queries)
		(*q)->sql = NULL;
	EACH_REGISTERED(l, lists) {
		(*l)->statements = NULL;
		(*l)->nstatements = 0;
	}
	statements = NULL;
	nstatements = 0;
	query_memory_free();
}

static const char *
load_all(void)
{
	const struct query_file	*const *f;
	const char		*problem;

	EACH_REGISTERED(f, query_files) {
		if ((problem = load_file(*f)) != NULL)
			return (problem);
	}
	return (check_declared());
}

const char *
database_load(void)
{
	const char	*problem;

	forget_all();
	problem = load_all();
	query_scratch_free();
	return (problem);
}

struct query *const *
database_queries(size_t *n)
{
	*n = nstatements;
	return (statements);
}
