/* SPDX-License-Identifier: ISC */
/*
 * Checks the parameters of a ROUTE: its PATH rows with the groups of its path,
 * and its PARAM rows with the params blocks of kore.conf.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <ctype.h>
#include <string.h>

#include "http/path_template.h"
#include "http/routes_check.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define PATH_TEXT_MAX	512

/* The segment before each group: "users" in ^/users/([^/]+)$. */
struct segments {
	char	 names[PATH_GROUPS_MAX][64];
	size_t	 n;
};

static bool
add_segment(struct text *t, void *arg)
{
	struct segments	*s = arg;
	size_t		 end = t->len, start;

	if (end > 0 && t->data[end - 1] == '/')
		end--;
	for (start = end; start > 0 && t->data[start - 1] != '/'; start--)
		;
	if (s->n < PATH_GROUPS_MAX && end - start < sizeof(s->names[0]))
		memcpy(s->names[s->n], t->data + start, end - start);
	s->n++;
	text_puts(t, "*");
	return (true);
}

/* Is it the segment of this row: "users" for user_id, "boxes" for box_id? */
static bool
is_segment_of(const char *segment, const char *name)
{
	size_t	 len = strlen(name);

	if (len < 4 || strcmp(name + len - 3, "_id") != 0)
		return (false);
	len -= 3;
	return (strncmp(segment, name, len) == 0 &&
	    (strcmp(segment + len, "s") == 0 ||
	    strcmp(segment + len, "es") == 0));
}

/* A row that belongs to another group than the one in its place. */
static const char *
check_path_order(const struct route *r)
{
	const struct route_row	*row, *other;
	struct segments		 s = { 0 };
	char			 text[PATH_TEXT_MAX];
	struct text		 t = text_in(text, sizeof(text));
	size_t			 i, j;

	if (r->regex == NULL ||
	    !path_template(route_path(r), add_segment, &s, &t))
		return (NULL);
	row = NULL;
	for (i = 0; (row = route_next_path_row(r, row)) != NULL; i++) {
		other = NULL;
		for (j = 0; (other = route_next_path_row(r, other)) != NULL;
		    j++) {
			if (is_segment_of(s.names[i], other->name) &&
			    !is_segment_of(s.names[j], other->name))
				return (start_error("%s: ROUTE(%s) has its "
				    "PATH rows in another order than %s: the "
				    "group after %s/ is %s, not %s",
				    r->router->file, r->name, route_path(r),
				    s.names[i], other->name, row->name));
		}
	}
	return (NULL);
}

/* Is a row of the same kind and name above it? */
static bool
is_repeated(const struct route *r, const struct route_row *row)
{
	return (find_row(r, row->kind, row->name) != row);
}

const char *
route_check_path(const struct route *r)
{
	const struct route_row	*row = NULL;

	while ((row = route_next_path_row(r, row)) != NULL) {
		if (is_repeated(r, row))
			return (start_error("%s: ROUTE(%s) has two rows "
			    "PATH(%s, ...): each group needs a name of its "
			    "own", r->router->file, r->name, row->name));
		if (row->type != T_STR && row->type != T_UUID)
			return (start_error("%s: ROUTE(%s) has a PATH(%s, ...) "
			    "of another type than T_UUID and T_STR: write "
			    "T_STR, and check the value in the handler",
			    r->router->file, r->name, row->name));
	}
	return (check_path_order(r));
}

/* The endpoint of a params block; NULL: the route lacks the method. */
static const struct endpoint *
endpoint_of(const struct route *r, const struct kore_handler_params *p)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT &&
		    query_is_of(p, &r->rows[i].endpoint))
			return (&r->rows[i].endpoint);
	}
	return (NULL);
}

/* "kore.conf: params qs:get /api/v1/users (users_collection): ..." */
static const char *
params_error(const struct route *r, const struct kore_handler_params *p,
    const char *fmt, ...)
{
	char	 what[512], method[16];
	size_t	 i;
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(method, sizeof(method), "%s", http_method_text(p->method));
	for (i = 0; method[i] != '\0'; i++)
		method[i] = (char)tolower((unsigned char)method[i]);
	return (start_error("kore.conf: params %s%s %s: %s",
	    p->flags & KORE_PARAMS_QUERY_STRING ? "qs:" : "", method,
	    route_path(r), what));
}

static bool
is_declared_twice(const struct route *r, const struct kore_handler_params *p)
{
	const struct kore_handler_params	*first;

	TAILQ_FOREACH(first, &r->hdlr->params, list) {
		if (first == p)
			return (false);
		if (first->method == p->method &&
		    strcmp(first->name, p->name) == 0)
			return (true);
	}
	return (false);
}

/* A `validate` line of kore.conf. */
static const char *
check_validate(const struct route *r, const struct kore_handler_params *p)
{
	const struct route_row	*row = find_row(r, ROW_PARAM, p->name);
	const char		*reason;

	if ((p->flags & KORE_PARAMS_QUERY_STRING) == 0)
		return (params_error(r, p, "write qs: before the method: the "
		    "members of a body are in its schema, not here"));
	if (endpoint_of(r, p) == NULL)
		return (params_error(r, p, "ROUTE(%s) in %s has no %s row",
		    r->name, r->router->file, http_method_text(p->method)));
	if (is_declared_twice(r, p))
		return (params_error(r, p, "it has two lines validate %s",
		    p->name));
	if (row == NULL)
		return (params_error(r, p, "ROUTE(%s) in %s has no row for "
		    "%s: write PARAM(%s, \"What it is for.\")", r->name,
		    r->router->file, p->name, p->name));
	if (row->fallback != NULL && (reason = rule_reason(rule_of(
	    p->validator), row->fallback)) != NULL)
		return (params_error(r, p, "%s refuses \"%s\", the .fallback "
		    "of PARAM(%s) in %s: %s", p->validator->name,
		    row->fallback, p->name, r->router->file, reason));
	return (NULL);
}

static bool
is_validated(const struct route *r, const char *name)
{
	const struct kore_handler_params	*p;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (strcmp(p->name, name) == 0)
			return (true);
	}
	return (false);
}

/* The method that a PARAM row is most likely for; "get" if there is none. */
static const char *
likely_method(const struct route *r)
{
	return (route_endpoint(r, VERB_GET) == NULL &&
	    route_endpoint(r, VERB_DELETE) != NULL ? "delete" : "get");
}

static const char *
check_param(const struct route *r, const struct route_row *row)
{
	if (is_repeated(r, row))
		return (start_error("%s: ROUTE(%s) has two rows PARAM(%s, ...)",
		    r->router->file, r->name, row->name));
	if (is_validated(r, row->name))
		return (NULL);
	return (start_error("%s: ROUTE(%s) has PARAM(%s, ...), and kore.conf "
	    "has no rule for it: write `validate %s VALIDATOR` in a block "
	    "`params qs:%s %s`", r->router->file, r->name, row->name,
	    row->name, likely_method(r), route_path(r)));
}

/* A list by cursors needs the parameter that asks for one. */
static const char *
check_cursor(const struct route *r)
{
	const struct endpoint	*e = route_endpoint(r, VERB_GET);

	if (e == NULL || e->out_cursor == NULL || is_validated(r, "cursor"))
		return (NULL);
	return (row_error(r, e, "has .out_cursor, and its ROUTE has no "
	    "parameter cursor: write CURSOR_PARAMS(...), and `validate cursor "
	    "v_cursor` in kore.conf's block `params qs:get %s`",
	    route_path(r)));
}

const char *
route_check_params(const struct route *r)
{
	const struct kore_handler_params	*p;
	const char				*problem;
	size_t					 i;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if ((problem = check_validate(r, p)) != NULL)
			return (problem);
	}
	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_PARAM &&
		    (problem = check_param(r, &r->rows[i])) != NULL)
			return (problem);
	}
	return (check_cursor(r));
}
