/* SPDX-License-Identifier: ISC */
/*
 * Compares the rows with what code does: the names that it asks for with
 * path_param() and query_param(), and the schemas that it reads and sends. A
 * ROUTE counts that kore.conf leaves out, since its handlers are still there.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <string.h>

#include "http/routes_check.h"
#include "utils/start_error.h"
#include "utils/text.h"

REGISTERED(const struct asked_name, asked_names);
REGISTERED(const struct schema_use, schema_uses);

/* A program of the unit tests may have none. */
#pragma weak __start_registered_routes
#pragma weak __stop_registered_routes
#pragma weak __start_registered_asked_names
#pragma weak __stop_registered_asked_names
#pragma weak __start_registered_schema_uses
#pragma weak __stop_registered_schema_uses

#define NAMES_MAX	256

static bool
is_of_file(const struct route *r, const char *file)
{
	return (strcmp(r->router->file, file) == 0);
}

static bool
has_routes(const char *file)
{
	struct route	*const *r;

	EACH_REGISTERED(r, routes) {
		if (is_of_file(*r, file))
			return (true);
	}
	return (false);
}

/* The endpoint of a route with this handler; NULL if it has another one. */
static const struct endpoint *
endpoint_named(const struct route *r, const char *handler)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT &&
		    strcmp(r->rows[i].endpoint.name, handler) == 0)
			return (&r->rows[i].endpoint);
	}
	return (NULL);
}

/* who: "ROUTE(notes_item) has no" or "no ROUTE has a"; has: the other names. */
static const char *
asked_error(const struct asked_name *a, const char *who, struct text *has)
{
	bool	 in_path = a->kind == ROW_PATH;

	return (start_error("%s: %s() asks for %s(c, \"%s\"), and %s "
	    "%s(%s, ...)%s%s", a->file, a->function, in_path ?
	    "path_param" : "query_param", a->name, who, in_path ? "PATH" :
	    "PARAM", a->name, has->len > 0 ? "; there is " : "",
	    has->len > 0 ? has->data : ""));
}

/* In a handler: its ROUTE must have the row. */
static const char *
check_in_handler(const struct asked_name *a, const struct route *r,
    const struct endpoint *e)
{
	const struct kore_handler_params	*p;
	char					 names[NAMES_MAX], who[128];
	struct text				 t;

	t = text_in(names, sizeof(names));
	if (find_row(r, a->kind, a->name) == NULL) {
		names_of_rows(r, a->kind, &t);
		snprintf(who, sizeof(who), "ROUTE(%s) has no", r->name);
		return (asked_error(a, who, &t));
	}
	if (a->kind == ROW_PATH || r->hdlr == NULL)
		return (NULL);
	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (query_is_of(p, e) && strcmp(p->name, a->name) == 0)
			return (NULL);
	}
	return (row_error(r, e, "asks for query_param(c, \"%s\"), and "
	    "kore.conf has no rule for it: write `validate %s VALIDATOR` in "
	    "its method's block of params for %s", a->name, a->name,
	    route_path(r)));
}

/* Elsewhere: a ROUTE of the file, or of any file if this one has none. */
static const char *
check_in_file(const struct asked_name *a)
{
	bool		 has_own = has_routes(a->file);
	struct route	*const *r;
	char		 names[NAMES_MAX];
	struct text	 t = text_in(names, sizeof(names));

	EACH_REGISTERED(r, routes) {
		if (has_own && !is_of_file(*r, a->file))
			continue;
		if (find_row(*r, a->kind, a->name) != NULL)
			return (NULL);
		names_of_rows(*r, a->kind, &t);
	}
	return (asked_error(a, has_own ? "no ROUTE of this file has a" :
	    "no ROUTE has a", &t));
}

static const char *
check_name(const struct asked_name *a)
{
	const struct endpoint	*e;
	struct route		*const *r;
	const char		*problem;
	bool			 in_handler = false;

	if (a->name == NULL)
		return (NULL);
	EACH_REGISTERED(r, routes) {
		if (!is_of_file(*r, a->file) ||
		    (e = endpoint_named(*r, a->function)) == NULL)
			continue;
		in_handler = true;
		if ((problem = check_in_handler(a, *r, e)) != NULL)
			return (problem);
	}
	return (in_handler ? NULL : check_in_file(a));
}

const char *
routes_check_names(void)
{
	const struct asked_name	*const *a;
	const char		*problem;

	EACH_REGISTERED(a, asked_names) {
		if ((problem = check_name(*a)) != NULL)
			return (problem);
	}
	return (NULL);
}

/* Does the row have the schema where this use of it needs it? */
static bool
has_schema(const struct endpoint *e, const struct schema_use *u)
{
	switch (u->kind) {
	case SCHEMA_READ:
	case SCHEMA_READ_FORM:
		return (e->in == u->schema);
	case SCHEMA_SENT:
		return (e->out == u->schema || e->out_cursor == u->schema ||
		    e->out_accepted == u->schema);
	case SCHEMA_CREATED:
		return (e->out == u->schema && e->status == 201);
	case SCHEMA_COMPARED:
		return (e->if_match);
	}
	return (false);
}

/* A row that has it, of the file or, if that has no routes, of any file. */
static const struct endpoint *
find_user(const struct schema_use *u, const struct route **of)
{
	bool		 has_own = has_routes(u->file);
	struct route	*const *r;
	size_t		 i;

	EACH_REGISTERED(r, routes) {
		for (i = 0; i < (*r)->nrows; i++) {
			if ((*r)->rows[i].kind != ROW_ENDPOINT ||
			    (has_own && !is_of_file(*r, u->file)) ||
			    !has_schema(&(*r)->rows[i].endpoint, u))
				continue;
			*of = *r;
			return (&(*r)->rows[i].endpoint);
		}
	}
	return (NULL);
}

static const char *
unused_error(const struct schema_use *u)
{
	const char	*name = u->schema->name;

	switch (u->kind) {
	case SCHEMA_READ:
		return (start_error("%s: %s_body() reads a body, and its row "
		    "has no .in = &%s_schema", u->file, name, name));
	case SCHEMA_READ_FORM:
		return (start_error("%s: %s_form() reads a body, and its row "
		    "has no .in = &%s_schema, .form = true", u->file, name,
		    name));
	case SCHEMA_SENT:
		return (start_error("%s: %s_respond() answers, and its row "
		    "has no .out = &%s_schema", u->file, name, name));
	case SCHEMA_CREATED:
		return (start_error("%s: %s_respond_created() answers, and "
		    "its row has no .out = &%s_schema, .status = 201",
		    u->file, name, name));
	case SCHEMA_COMPARED:
		return (start_error("%s: %s_precondition() reads If-Match, "
		    "and its row has no .if_match = true", u->file, name));
	}
	return (NULL);
}

static const char *
check_use(const struct schema_use *u)
{
	const struct route	*r;
	const struct endpoint	*e;

	if (u->kind == SCHEMA_COMPARED && u->schema->version == NULL)
		return (start_error("%s: %s_precondition() needs a version in "
		    "%s_schema: write MEMBER(%s, version, T_INT, ETAG)",
		    u->file, u->schema->name, u->schema->name,
		    u->schema->structure));
	if ((e = find_user(u, &r)) == NULL)
		return (unused_error(u));
	if (u->kind == SCHEMA_READ && e->form)
		return (row_error(r, e, "has .form = true, and %s_body() reads "
		    "JSON: leave it out, or declare %s with SCHEMA_FORM",
		    u->schema->name, u->schema->name));
	if (u->kind == SCHEMA_READ_FORM && !e->form)
		return (row_error(r, e, "has no .form = true, and %s_form() "
		    "reads a form", u->schema->name));
	return (NULL);
}

const char *
routes_check_schemas(void)
{
	const struct schema_use	*const *u;
	const char		*problem;

	EACH_REGISTERED(u, schema_uses) {
		if ((problem = check_use(*u)) != NULL)
			return (problem);
	}
	return (NULL);
}
