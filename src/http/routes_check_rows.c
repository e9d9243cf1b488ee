/* SPDX-License-Identifier: ISC */
/* Checks the endpoints of a ROUTE: who, what is read, what is answered. */

#include <sys/types.h>

#include <kore/kore.h>

#include <string.h>

#include "http/routes_check.h"
#include "utils/text.h"
#include "wire/wire.h"

#define ROLES	"v_role"	/* kore.conf's validator of roles */

static const char *
check_roles(const struct route *r, const struct endpoint *e,
    const char *member, const struct dependency *d)
{
	const struct rule	*rule;
	const char		*const *role, *reason;

	if (d->roles == NULL)
		return (NULL);
	if ((rule = rule_find(ROLES)) == NULL)
		return (row_error(r, e, "has .%s = %s, and kore.conf has no "
		    "valid validator " ROLES ", which lists the roles", member,
		    d->name));
	for (role = d->roles; *role != NULL; role++) {
		if ((reason = rule_reason(rule, *role)) != NULL)
			return (row_error(r, e, "has .%s = %s, and kore.conf's "
			    ROLES " has no role \"%s\": %s", member, d->name,
			    *role, reason));
	}
	return (NULL);
}

static const char *
check_dependency(const struct route *r, const struct endpoint *e,
    const char *member, const struct dependency *d)
{
	const char	*problem;

	if (d == NULL)
		return (NULL);
	if (d->name == NULL || d->resolve == NULL || d->doc == NULL)
		return (row_error(r, e, "has an .%s, %s, that lacks one of "
		    ".name, .resolve and .doc", member, d->name != NULL ?
		    d->name : "a struct dependency"));
	if ((problem = check_roles(r, e, member, d)) != NULL)
		return (problem);
	if (d->path != NULL && find_row(r, ROW_PATH, d->path) == NULL)
		return (row_error(r, e, "has .%s = %s, and its ROUTE has no "
		    "PATH(%s, T_UUID)", member, d->name, d->path));
	return (NULL);
}

static const char *
check_access(const struct route *r, const struct endpoint *e)
{
	const char	*problem;

	if (e->auth == NULL)
		return (row_error(r, e, "has no .auth: write .auth = "
		    "&signed_in, .auth = require_role(\"admin\") or, for "
		    "everybody, .auth = &public"));
	if ((problem = check_dependency(r, e, "auth", e->auth)) != NULL)
		return (problem);
	return (check_dependency(r, e, "also", e->also));
}

/* A form has only texts: see schema_read_form(). */
static const struct member *
find_no_text(const struct schema *s)
{
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (m->type != T_STR)
			return (m);
	}
	return (NULL);
}

static const char *
check_input(const struct route *r, const struct endpoint *e)
{
	const struct member	*m;

	if (e->in == NULL && e->body_max != 0)
		return (row_error(r, e, "has .body_max = %zu, and no .in: "
		    "leave it out, or write .in = &NAME_schema", e->body_max));
	if (e->body_max > WIRE_BODY_MAX)
		return (row_error(r, e, "has .body_max = %zu: write at most "
		    "%zu, since bodies are kept in memory", e->body_max,
		    WIRE_BODY_MAX));
	if (e->in == NULL && e->form)
		return (row_error(r, e, "has .form = true, and no .in = "
		    "&NAME_schema"));
	if (e->in == NULL && e->verb == VERB_PATCH)
		return (row_error(r, e, "has no .in: a PATCH has a body; "
		    "write .in = &NAME_update_schema"));
	if (e->in == NULL)
		return (NULL);
	if (e->verb == VERB_GET)
		return (row_error(r, e, "has .in = &%s_schema, and a GET has "
		    "no body: write PARAM rows for its query", e->in->name));
	if (!schema_is_readable(e->in))
		return (row_error(r, e, "has .in = &%s_schema, which has a "
		    "member that is only for responses (T_JSON, T_LIST "
		    "or T_OBJECT)", e->in->name));
	if (e->form && (m = find_no_text(e->in)) != NULL)
		return (row_error(r, e, "has .form = true, and a form has "
		    "only texts: declare %s of %s_schema as a T_STR", m->name,
		    e->in->name));
	return (NULL);
}

/* Those that a response to a request that has succeeded can have. */
static bool
is_success(int status)
{
	switch (status) {
	case 0:
	case 200:
	case 201:
	case 202:
	case 204:
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return (true);
	}
	return (false);
}

static bool
shows_nothing(const struct schema *s)
{
	size_t	 i;

	for (i = 0; s != NULL && i < s->nmembers; i++) {
		if (s->members[i].flags & OUT)
			return (false);
	}
	return (s != NULL);
}

static const char *
check_status(const struct route *r, const struct endpoint *e)
{
	if (!is_success(e->status))
		return (row_error(r, e, "has .status = %d: write 200, 201, "
		    "202, 204, or that of a redirect; errors are raised",
		    e->status));
	if (e->out != NULL && (e->status == 204 || e->status >= 300))
		return (row_error(r, e, "has .out = &%s_schema and .status = "
		    "%d, which has no body: leave out one of them",
		    e->out->name, e->status));
	if (e->out == NULL && (e->status == 0 || e->status == 201) &&
	    !e->raw && e->error_page == NULL)
		return (row_error(r, e, "has no .out: write .out = "
		    "&NAME_schema, .status = 204 if it answers without a "
		    "body or, for text and files, .raw = true"));
	if (e->out != NULL && e->raw)
		return (row_error(r, e, "has .out = &%s_schema and .raw: "
		    "leave out one of them", e->out->name));
	return (NULL);
}

static const char *
check_output(const struct route *r, const struct endpoint *e)
{
	const struct schema	*all[] = { e->out, e->out_cursor,
				    e->out_accepted };
	size_t			 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (shows_nothing(all[i]))
			return (row_error(r, e, "answers with %s_schema, and "
			    "none of its members has the flag OUT",
			    all[i]->name));
	}
	if (e->out_cursor != NULL && (e->verb != VERB_GET || e->out == NULL))
		return (row_error(r, e, "has .out_cursor: that is for a GET "
		    "that has .out, too"));
	if ((e->out_accepted != NULL) != (e->accepts != NULL) ||
	    (e->out_accepted != NULL) != (e->accepted_doc != NULL))
		return (row_error(r, e, "has not all of .out_accepted, "
		    ".accepts and .accepted_doc: each needs the others"));
	if (e->if_match && e->verb == VERB_GET)
		return (row_error(r, e, "has .if_match: a GET reads the "
		    "header by itself if its .out has an ETAG"));
	return (check_status(r, e));
}

/* Only the kinds in error_kinds are described. */
static const char *
check_raises(const struct route *r, const struct endpoint *e)
{
	const struct error_kind	*const *kind, *const *known;

	if (e->errors == OAUTH)
		return (NULL);		/* they have kinds of their own */
	for (kind = e->raises; kind != NULL && *kind != NULL; kind++) {
		for (known = error_kinds; *known != *kind; known++) {
			if (*known == NULL)
				return (row_error(r, e, "raises %s, which is "
				    "not in the list error_kinds of "
				    "src/base/error_kinds.c", (*kind)->code));
		}
	}
	return (NULL);
}

/* The response is stored as text: only a schema is sure to write that. */
static const char *
check_repeats(const struct route *r, const struct endpoint *e)
{
	if (e->idempotent && e->verb != VERB_POST)
		return (row_error(r, e, "has .idempotent = true: that is for "
		    "a POST; the other methods can be repeated anyway"));
	if (e->idempotent && e->raw)
		return (row_error(r, e, "has .idempotent = true and .raw: "
		    "leave out one of them"));
	return (NULL);
}

static const char *
check_endpoint(const struct route *r, const struct endpoint *e)
{
	const char	*problem;

	if ((problem = check_access(r, e)) != NULL ||
	    (problem = check_input(r, e)) != NULL ||
	    (problem = check_output(r, e)) != NULL ||
	    (problem = check_repeats(r, e)) != NULL)
		return (problem);
	return (check_raises(r, e));
}

const char *
route_check_rows(const struct route *r)
{
	const char	*problem;
	size_t		 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == ROW_ENDPOINT && (problem =
		    check_endpoint(r, &r->rows[i].endpoint)) != NULL)
			return (problem);
	}
	return (NULL);
}
