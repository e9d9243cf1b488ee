/* SPDX-License-Identifier: ISC */
/*
 * Binds the ROUTE tables to Kore's route table, in the parent, before the fork.
 * If kore.conf and the C code disagree, the server does not start.
 */

#include <sys/types.h>

#include <kore/kore.h>
#include <kore/http.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/route_tree.h"
#include "http/routes.h"
#include "utils/start_error.h"
#include "utils/text.h"

#define LAST_PATH	"^.*$"

struct path_regex {
	regex_t	 compiled;
};

/* The routes of a domain. */
struct domain_routes {
	const struct kore_domain	*dom;
	struct route_tree		 tree;
	struct route			*shapeless;	/* the first one */
	const struct route		*last;
	struct domain_routes		*next;
};

/* All routes, in kore.conf's order, and the place of the next one. */
static struct route	 *bound, **bound_next;

static struct domain_routes	*domains;
static route_handler_fn	 *handle;

int
route_dispatch(struct http_request *req, const struct route *r)
{
	return (handle(req, r));
}

const struct endpoint *
route_endpoint(const struct route *r, enum http_verb verb)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT &&
		    r->rows[i].endpoint.verb == verb)
			return (&r->rows[i].endpoint);
	}
	return (NULL);
}

const struct route_row *
route_next_path_row(const struct route *r, const struct route_row *row)
{
	for (row = row == NULL ? r->rows : row + 1; row < r->rows + r->nrows;
	    row++) {
		if (row->kind == ROW_PATH)
			return (row);
	}
	return (NULL);
}

/* Kore compiles the path's regex without groups: compile it again. */
static const char *
bind_path(struct route *r)
{
	size_t	 params = 0, i;

	for (i = 0; i < r->nrows; i++)
		params += r->rows[i].kind == ROW_PATH;
	if (params > PATH_GROUPS_MAX)
		return (start_error("has %zu PATH rows, and a path can have "
		    "%d", params, PATH_GROUPS_MAX));
	if (r->hdlr->type == HANDLER_TYPE_STATIC) {
		r->shape = path_shape_of_text(r->hdlr->path);
		return (r->shape == NULL ? "does not fit in memory" :
		    params == 0 ? NULL :
		    "has PATH rows, and its path here has no groups: write "
		    "one like ^/api/v1/notes/([^/]+)$");
	}

	if ((r->regex = calloc(1, sizeof(*r->regex))) == NULL ||
	    regcomp(&r->regex->compiled, r->hdlr->path, REG_EXTENDED) != 0)
		return ("has a path that is no POSIX regular expression");
	if (r->regex->compiled.re_nsub != params)
		return (start_error("has %zu PATH rows, and its path here has "
		    "%zu groups: each group, like ([^/]+), needs one row",
		    params, r->regex->compiled.re_nsub));
	r->shape = path_shape_of_regex(r->hdlr->path);
	return (NULL);
}

static const char *
bind_allow(struct route *r)
{
	static const enum http_verb	 order[] = { VERB_GET, VERB_POST,
	    VERB_PUT, VERB_PATCH, VERB_DELETE };
	char				 allow[64];
	struct text			 t = text_in(allow, sizeof(allow));
	size_t				 i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (route_endpoint(r, order[i]) == NULL)
			continue;
		text_puts(&t, endpoint_verb_name(order[i]));
		text_puts(&t, order[i] == VERB_GET ? ", HEAD, " : ", ");
	}
	text_puts(&t, "OPTIONS");
	r->allow = strdup(allow);
	return (r->allow != NULL ? NULL : "does not fit in memory");
}

static bool
has_cursor_response(const struct route *r)
{
	const struct endpoint	*e = route_endpoint(r, VERB_GET);

	return (e != NULL && e->out_cursor != NULL);
}

bool
query_is_of(const struct kore_handler_params *p, const struct endpoint *e)
{
	return ((p->flags & KORE_PARAMS_QUERY_STRING) != 0 &&
	    strcasecmp(http_method_text(p->method),
	    endpoint_verb_name(e->verb)) == 0);
}

/* Does the parameter's method ignore the query? */
static bool
is_ignored(const struct route *r, const struct kore_handler_params *p)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT &&
		    r->rows[i].endpoint.any_query &&
		    query_is_of(p, &r->rows[i].endpoint))
			return (true);
	}
	return (false);
}

static const char *
bind_params(struct route *r)
{
	struct kore_handler_params	*p;

	TAILQ_FOREACH(p, &r->hdlr->params, list) {
		if (is_ignored(r, p))
			return ("has parameters, and its method ignores the "
			    "query");
		if (rule_of(p->validator) == NULL)
			return (start_error("has a parameter %s, whose "
			    "validator %s is not valid", p->name,
			    p->validator->name));
		if (strcmp(p->name, "cursor") == 0 && !has_cursor_response(r))
			return ("has a parameter cursor, and no .out_cursor "
			    "in its GET row");
	}
	return (NULL);
}

/* The route that has another handler of the same name; or NULL. */
static const struct route *
name_taken(const struct endpoint *e)
{
	const struct endpoint	*other;
	const struct route	*r;
	size_t			 i;

	for (r = bound; r != NULL; r = r->next) {
		for (i = 0; i < r->nrows; i++) {
			other = &r->rows[i].endpoint;
			if (r->rows[i].kind == ROW_ENDPOINT &&
			    other->handler != e->handler &&
			    strcmp(other->name, e->name) == 0)
				return (r);
		}
	}
	return (NULL);
}

/* Names of handlers are unique: cursors and test overrides use them. */
static const char *
bind_rows(const struct route *r)
{
	const struct endpoint	*e;
	const struct route	*other;
	size_t			 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind != ROW_ENDPOINT)
			continue;
		e = &r->rows[i].endpoint;
		if ((other = name_taken(e)) != NULL)
			return (start_error("has a handler %s, and %s in %s "
			    "has another one of that name: rename one",
			    e->name, other->name, other->router->file));
		if (route_endpoint(r, e->verb) != e)
			return (start_error("has two %s rows: of %s and of %s",
			    endpoint_verb_name(e->verb),
			    route_endpoint(r, e->verb)->name, e->name));
	}
	return (NULL);
}

static const char *
bind_route(struct kore_module_handle *hdlr)
{
	char		 symbol[128];
	const char	*problem;
	struct route	*r;

	snprintf(symbol, sizeof(symbol), "%s__route", hdlr->func);
	if ((r = kore_module_getsym(symbol, NULL)) == NULL)
		return (start_error("has no ROUTE(%s, ...) in src/modules",
		    hdlr->func));
	if (r->hdlr != NULL)
		return (start_error("stands in kore.conf twice: it has the "
		    "path %s, and a ROUTE has one path", r->hdlr->path));
	if (hdlr->methods != HTTP_METHOD_ALL)
		return ("has a restrict, which has no effect: its rows in C "
		    "name its methods");
	r->hdlr = hdlr;
	r->next = NULL;
	*bound_next = r;
	bound_next = &r->next;
	if ((problem = bind_path(r)) == NULL &&
	    (problem = bind_rows(r)) == NULL &&
	    (problem = bind_allow(r)) == NULL)
		problem = bind_params(r);
	return (problem);
}

/* Adds the domain, whose routes are bound, so that paths can be found. */
static const char *
index_domain(const struct kore_domain *dom)
{
	struct domain_routes	*d = calloc(1, sizeof(*d));
	struct route		*r, **shapeless;
	size_t			 order = 0;

	if (d == NULL)
		return ("the routes do not fit in memory");
	d->dom = dom;
	d->next = domains;
	domains = d;
	shapeless = &d->shapeless;
	for (r = bound; r != NULL; r = r->next) {
		if (r->hdlr->dom != dom)
			continue;
		r->order = order++;
		d->last = r;
		if (r->shape == NULL) {
			r->next_shapeless = NULL;
			*shapeless = r;
			shapeless = &r->next_shapeless;
		} else if (!route_tree_add(&d->tree, r->shape, r, r->order))
			return ("the routes do not fit in memory");
	}
	return (NULL);
}

/* Kore never responds by itself: routes_find() always finds a route. */
static const char *
bind_domain(struct kore_domain *dom)
{
	struct kore_module_handle	*hdlr, *last = NULL;
	const char			*problem;

	TAILQ_FOREACH(hdlr, &dom->handlers, list) {
		if (last != NULL && strcmp(last->path, LAST_PATH) == 0)
			return (start_error("kore.conf: the route %s %s stands "
			    "below " LAST_PATH ", which answers for all other "
			    "paths: move it above that", hdlr->path,
			    hdlr->func));
		if ((problem = bind_route(hdlr)) != NULL)
			return (start_error("kore.conf: the route %s %s %s",
			    hdlr->path, hdlr->func, problem));
		last = hdlr;
	}
	if (last == NULL || strcmp(last->path, LAST_PATH) != 0)
		return (start_error("kore.conf: the last route of the domain "
		    "%s of the server %s must be " LAST_PATH ": it answers "
		    "for all other paths", dom->domain, dom->server->name));
	if (!TAILQ_EMPTY(&dom->redirects))
		return (start_error("kore.conf: the domain %s of the server %s "
		    "has a redirect, which has no effect", dom->domain,
		    dom->server->name));
	return (index_domain(dom));
}

const char *
routes_init(route_handler_fn *fn)
{
	struct kore_server	*srv;
	struct kore_domain	*dom;
	const char		*problem;

	handle = fn;
	bound = NULL;
	bound_next = &bound;
	LIST_FOREACH(srv, &kore_servers, list) {
		if (TAILQ_EMPTY(&srv->domains))
			return (start_error("kore.conf: the server %s has no "
			    "domain", srv->name));
		TAILQ_FOREACH(dom, &srv->domains, list) {
			if ((problem = bind_domain(dom)) != NULL)
				return (problem);
		}
	}
	return (NULL);
}

void
routes_keep(void (*keep)(const void *, size_t))
{
	const struct route	*r;

	for (r = bound; r != NULL; r = r->next)
		keep(r->hdlr, sizeof(*r->hdlr));
}

void
routes_walk(void (*fn)(const struct route *, const struct endpoint *))
{
	const struct route	*r;
	size_t			 i;

	for (r = bound; r != NULL; r = r->next) {
		for (i = 0; i < r->nrows; i++) {
			if (r->rows[i].kind == ROW_ENDPOINT)
				fn(r, &r->rows[i].endpoint);
		}
	}
}

const char *
route_path(const struct route *r)
{
	return (r->hdlr->path);
}

const struct route *
routes_first(void)
{
	return (bound);
}

bool
route_matches(const struct route *r, const char *path)
{
	if (r->shape != NULL)
		return (path_shape_match(r->shape, path, NULL));
	return (regexec(&r->regex->compiled, path, 0, NULL, 0) == 0);
}

/*
 * The first one that matches. Those without a shape are tried by their regexes,
 * the last one alone not: it matches every path.
 */
static const struct route *
find_route(const struct kore_domain *dom, const char *path)
{
	const struct domain_routes	*d = domains;
	const struct route_tree		*found;
	const struct route		*r;

	while (d->dom != dom)
		d = d->next;
	found = route_tree_find(&d->tree, path);
	for (r = d->shapeless; r != d->last; r = r->next_shapeless) {
		if (found != NULL && found->order < r->order)
			break;
		if (route_matches(r, path))
			return (r);
	}
	return (found != NULL ? found->route : d->last);
}

struct kore_module_handle *
routes_find(const struct kore_domain *dom, const char *path)
{
	return (find_route(dom, path)->hdlr);
}

size_t
routes_body_max(const struct kore_domain *dom, const char *path,
    const char *method)
{
	const struct route	*r = find_route(dom, path);
	size_t			 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT && strcmp(method,
		    endpoint_verb_name(r->rows[i].endpoint.verb)) == 0)
			return (r->rows[i].endpoint.body_max);
	}
	return (0);
}

bool
routes_have(const struct route *beside, const char *path)
{
	return (find_route(beside->hdlr->dom, path)->nrows > 0);
}

bool
path_match(const struct route *r, const char *path,
    struct span groups[PATH_GROUPS_MAX])
{
	regmatch_t	 m[PATH_GROUPS_MAX + 1];
	size_t		 i;

	if (r->shape != NULL)
		return (path_shape_match(r->shape, path, groups));
	if (regexec(&r->regex->compiled, path, PATH_GROUPS_MAX + 1, m, 0) != 0)
		return (false);
	for (i = 0; i < r->regex->compiled.re_nsub; i++) {
		groups[i].start = (size_t)m[i + 1].rm_so;
		groups[i].end = (size_t)m[i + 1].rm_eo;
	}
	return (true);
}
