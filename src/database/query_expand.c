/* SPDX-License-Identifier: ISC */
/* Replaces @user by the columns of the struct, and :email by $1. */

#include "database/query_load.h"

/* Parameters */

static const char *
find_name(const char *const *names, const char *s, size_t len, size_t *place)
{
	for (*place = 0; names != NULL && names[*place] != NULL; ++*place) {
		if (query_is_name(names[*place], s, len))
			return (names[*place]);
	}
	return (NULL);
}

/* A member that a statement can have as a parameter. */
static const struct member *
find_member(const struct schema *from, const char *name, size_t len)
{
	const struct member	*m = NULL;

	for (; from != NULL && m == NULL; from = from->like)
		m = query_member(from, name, len);
	return (m != NULL && m->type < T_LIST ? m : NULL);
}

static void
param_problem(struct query_expansion *x, const char *name)
{
	if (x->collects)
		QUERY_FAIL(x, ":%s: a list's parameters have no dots", name);
	else if (x->from == NULL)
		QUERY_FAIL(x, ":%s is no parameter of its QUERY: add the name "
		    "there, or correct it", name);
	else
		QUERY_FAIL(x, ":%s is neither a parameter of its QUERY nor a "
		    "member of %s: add the name there, or correct it", name,
		    x->from->name);
}

/* :bio.set or :bio, of the struct. Sets a problem if it is no member of it. */
static void
resolve_member(struct query_expansion *x, struct query_param *p, size_t len)
{
	const char	*dot = strchr(p->name, '.');

	if (dot != NULL && strcmp(dot, ".set") == 0) {
		p->is_set = true;
		len = (size_t)(dot - p->name);
	}
	p->member = find_member(x->from, p->name, len);
	if (p->member == NULL)
		param_problem(x, p->name);
	else if (p->is_set && x->from->set == 0)
		QUERY_FAIL(x, ":%s: %s has no member_set", p->name,
		    x->from->name);
}

/* Where the value comes from. */
static void
resolve(struct query_expansion *x, struct query_param *p, size_t len)
{
	bool	 dotted = strchr(p->name, '.') != NULL;

	if (find_name(x->names, p->name, len, &p->given) != NULL)
		return;
	p->given = x->nparams;
	if (x->collects && dotted && !x->reserved)
		param_problem(x, p->name);
	else if (!x->collects)
		resolve_member(x, p, len);
}

static const struct query_param *
add_param(struct query_expansion *x, const char *name, size_t len)
{
	struct query_param	*p;

	x->params = query_grow(x->params, x->nparams, sizeof(*x->params));
	if (x->params == NULL || (name = query_strndup(name, len)) == NULL) {
		QUERY_FAIL(x, "out of memory");
		return (NULL);
	}
	p = &x->params[x->nparams];
	p->name = name;
	resolve(x, p, len);
	x->nparams++;
	return (p);
}

/* The same name is the same parameter. */
static void
put_param(struct query_expansion *x, const char *name, size_t len)
{
	const struct query_param	*p;

	p = query_find_param(x->params, x->nparams, name, len);
	if (p == NULL && (p = add_param(x, name, len)) == NULL)
		return;
	text_printf(&x->sql, "$%u%s", (unsigned)(p - x->params) + 1,
	    p->is_set ? "::boolean" : "");
}

/* Texts */

/* The name before a dot: of u.@user, u. */
struct qualifier {
	const char	*start;		/* NULL: none */
	bool		 dotted;
};

static void
qualifier_follow(struct qualifier *q, const struct query_token *t)
{
	if (t->kind == QUERY_WORD || t->kind == QUERY_NAME) {
		if (!q->dotted || q->start == NULL)
			q->start = t->start;
		q->dotted = false;
	} else if (query_token_is(t, ".")) {
		q->dotted = true;
	} else if (query_token_is_gap(t)) {
		q->start = NULL;
	} else {
		*q = (struct qualifier){ NULL, false };
	}
}

/*
 * The name before a dot is written already, but each column gets it anew. The
 * expressions among the columns can have parameters.
 */
static void
expand_columns(struct query_expansion *x, struct query_token *t,
    const struct qualifier *q)
{
	struct text	 out = query_text();
	const char	*start = q->dotted ? q->start : t->start;

	if (start == NULL) {
		QUERY_FAIL(x, "%.*s: only a name can stand before its dot",
		    (int)t->len, t->start);
		return;
	}
	if (!x->sql.cut && start < t->start) {
		x->sql.len -= (size_t)(t->start - start);
		x->sql.data[x->sql.len] = '\0';
	}
	x->problem = query_columns(x->section, t, start,
	    query_width(&x->sql), &out);
	x->sql.cut |= out.cut;
	if (x->problem == NULL && !out.cut)
		query_expand(x, out.data, out.len);
}

static const char *
unended_name(char first)
{
	switch (first) {
	case '"':
		return ("a quoted name");
	case '$':
		return ("a dollar quote");
	case '/':
		return ("a comment");
	}
	return ("a string");
}

void
query_expand(struct query_expansion *x, const char *text, size_t len)
{
	struct query_token	 t = query_tokens(text, len);
	struct qualifier	 q = { NULL, false };

	while (x->problem == NULL && query_token_next(&t)) {
		switch (t.kind) {
		case QUERY_COLUMNS:
			expand_columns(x, &t, &q);
			break;
		case QUERY_PARAM:
			put_param(x, t.start + 1, t.len - 1);
			break;
		case QUERY_NUMBERED:
			QUERY_FAIL(x, "%.*s: write :name", (int)t.len, t.start);
			break;
		case QUERY_UNENDED:
			QUERY_FAIL(x, "%s has no end", unended_name(*t.start));
			break;
		default:
			text_add(&x->sql, t.start, t.len);
		}
		qualifier_follow(&q, &t);
	}
}

size_t
query_trim(const char *text, size_t len)
{
	struct query_token	 t = query_tokens(text, len);
	size_t			 end = 0;

	while (query_token_next(&t)) {
		if (!query_token_is_gap(&t) && !query_token_is(&t, ";"))
			end = (size_t)(t.start + t.len - text);
	}
	return (end);
}

const char *
query_finish(struct query_expansion *x, struct query *q)
{
	const char *const	*name;

	for (name = x->names; name != NULL && *name != NULL; name++) {
		if (x->problem == NULL && query_find_param(x->params,
		    x->nparams, *name, strlen(*name)) == NULL)
			QUERY_FAIL(x, "it has no :%s, a parameter of its "
			    "QUERY: use it, or take it out there", *name);
	}
	if (x->problem == NULL && (q->sql = query_keep(&x->sql)) == NULL)
		QUERY_FAIL(x, "out of memory");
	q->section = x->section->text;
	q->params = x->params;
	q->nparams = x->nparams;
	return (x->problem);
}
