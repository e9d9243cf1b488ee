/* SPDX-License-Identifier: ISC */
/* Replaces @user by the columns of the struct, and :email by $1. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "database/query_load.h"
#include "database/query_text.h"
#include "utils/start_error.h"

#define WIDTH		80	/* of a line of columns */
#define INDENT_MAX	48
#define TAB		8
#define PARAMS_FIRST	8

REGISTERED(struct schema, schemas);

/* Memory */

/* All of it, since a text that grows leaves pieces behind. */
struct block {
	struct block	*next;
	_Alignas(16) char	 data[];
};

static struct block	*blocks;

void *
query_alloc(size_t len)
{
	struct block	*b = calloc(1, sizeof(*b) + len);

	if (b == NULL)
		return (NULL);
	b->next = blocks;
	blocks = b;
	return (b->data);
}

char *
query_strndup(const char *s, size_t len)
{
	char	*copy = query_alloc(len + 1);

	if (copy != NULL)
		memcpy(copy, s, len);
	return (copy);
}

static void *
grow(void *from, size_t len)
{
	(void)from;
	return (query_alloc(len));
}

struct text
query_text(void)
{
	return ((struct text){ .alloc = grow });
}

void
query_memory_free(void)
{
	struct block	*b;

	while ((b = blocks) != NULL) {
		blocks = b->next;
		free(b);
	}
}

/* Errors */

const char *
section_problem(const struct query_section *s, const char *fmt, ...)
{
	const char	*said;
	va_list		 ap;

	va_start(ap, fmt);
	said = start_error_va(fmt, ap);
	va_end(ap);
	return (start_error("sql/queries/%s.sql: %s: %s", s->file, s->name,
	    said));
}

#define FAIL(x, ...)							\
	((x)->problem = section_problem((x)->section, __VA_ARGS__))

/* Parameters */

static bool
is_name(const char *name, const char *s, size_t len)
{
	return (strncmp(name, s, len) == 0 && name[len] == '\0');
}

static const char *
find_name(const char *const *names, const char *s, size_t len, size_t *place)
{
	for (*place = 0; names != NULL && names[*place] != NULL; ++*place) {
		if (is_name(names[*place], s, len))
			return (names[*place]);
	}
	return (NULL);
}

/* A member that a statement can have as a parameter. */
static const struct member *
find_member(const struct schema *from, const char *name, size_t len)
{
	char			*copy = query_strndup(name, len);
	const struct member	*m;

	if (from == NULL || copy == NULL)
		return (NULL);
	m = schema_member(from, copy);
	return (m != NULL && m->type != T_LIST ? m : NULL);
}

static void
param_problem(struct query_expansion *x, const char *name, int len)
{
	if (x->collects)
		FAIL(x, ":%.*s: a list's parameters have no dots", len, name);
	else if (x->from == NULL)
		FAIL(x, ":%.*s is no parameter of its QUERY", len, name);
	else
		FAIL(x, ":%.*s is neither a parameter of its QUERY nor a "
		    "member of %s", len, name, x->from->name);
}

/* Where the value comes from. False, and a problem, if from nowhere. */
static bool
resolve(struct query_expansion *x, struct query_param *p, size_t len)
{
	const char	*dot = strchr(p->name, '.');

	if (find_name(x->names, p->name, len, &p->given) != NULL)
		return (true);
	p->given = x->nparams;
	if (x->collects && (dot == NULL || x->reserved))
		return (true);
	p->is_set = dot != NULL && strcmp(dot, ".set") == 0;
	if (p->is_set)
		len = (size_t)(dot - p->name);
	p->member = find_member(x->from, p->name, len);
	if (p->member == NULL || (p->is_set && x->from->set == 0))
		param_problem(x, p->name, (int)strlen(p->name));
	else
		return (true);
	return (false);
}

/* The array doubles whenever its length is a power of two. */
static bool
params_grow(struct query_expansion *x)
{
	unsigned		 n = x->nparams;
	struct query_param	*bigger;

	if (n != 0 && (n < PARAMS_FIRST || (n & (n - 1)) != 0))
		return (true);
	bigger = query_alloc((n == 0 ? PARAMS_FIRST : 2 * n) *
	    sizeof(*bigger));
	if (bigger == NULL)
		return (false);
	if (n > 0)
		memcpy(bigger, x->params, n * sizeof(*bigger));
	x->params = bigger;
	return (true);
}

/* The same name is the same parameter. */
static void
put_param(struct query_expansion *x, const char *name, size_t len)
{
	struct query_param	*p;
	unsigned		 i;

	for (i = 0; i < x->nparams; i++) {
		if (is_name(x->params[i].name, name, len))
			break;
	}
	if (i == x->nparams) {
		if (!params_grow(x) || (x->params[i].name =
		    query_strndup(name, len)) == NULL) {
			FAIL(x, "out of memory");
			return;
		}
		if (!resolve(x, &x->params[i], len))
			return;
		x->nparams++;
	}
	p = &x->params[i];
	text_printf(&x->sql, "$%u%s", i + 1, p->is_set ? "::boolean" : "");
}

/* Columns */

/* An expression in the place of a column: NULL::varchar AS pending_email. */
struct part {
	const char	*text;
	size_t		 len;
};

static const struct schema *
find_schema(const char *name, size_t len)
{
	struct schema	*const *s;

	EACH_REGISTERED(s, schemas) {
		if (is_name((*s)->name, name, len))
			return (*s);
	}
	return (NULL);
}

/* Takes one part: from start to where t begins; last is the name of it. */
static void
take_part(struct query_expansion *x, const struct schema *s,
    struct part *parts, const char *start, const struct query_token *t,
    const struct query_token *last, bool as)
{
	int	 len = (int)last->len;
	size_t	 i;

	if (!as || last->kind != QUERY_WORD) {
		FAIL(x, "@%s(...): each expression ends with AS and the name "
		    "of a column", s->name);
		return;
	}
	for (i = 0; i < s->nmembers; i++) {
		if (is_name(s->members[i].name, last->start, last->len))
			break;
	}
	if (i == s->nmembers || s->members[i].type == T_LIST)
		FAIL(x, "@%s(...): %s has no column %.*s", s->name, s->name,
		    len, last->start);
	else if (parts[i].text != NULL)
		FAIL(x, "@%s(...) has %.*s twice", s->name, len, last->start);
	else
		parts[i] = (struct part){ start, (size_t)(t->start - start) };
}

static bool
is_gap(const struct query_token *t)
{
	return (t->kind == QUERY_BLANK || t->kind == QUERY_COMMENT);
}

/* t is the parenthesis behind @user, and then the one that closes it. */
static void
read_parts(struct query_expansion *x, const struct schema *s,
    struct part *parts, struct query_token *t)
{
	struct query_token	 last = { .kind = QUERY_SIGN };
	const char		*start = NULL;
	unsigned		 depth = 1;
	bool			 as = false;

	while (x->problem == NULL && query_token_next(t)) {
		if (is_gap(t))
			continue;
		if (query_token_is(t, "(") || query_token_is(t, "["))
			depth++;
		if (query_token_is(t, ")") || query_token_is(t, "]"))
			depth--;
		if (depth == 0 || (depth == 1 && query_token_is(t, ","))) {
			take_part(x, s, parts, start, t, &last, as);
			start = NULL;
			as = false;
			if (depth == 0)
				return;
			continue;
		}
		if (start == NULL)
			start = t->start;
		as = query_token_is(&last, "as");
		last = *t;
	}
	if (x->problem == NULL)
		FAIL(x, "@%s( is never closed", s->name);
}

/* How far the last line of the text goes to the right. */
static size_t
width_of(const struct text *t)
{
	size_t	 i = t->len, width = 0;

	while (i > 0 && t->data[i - 1] != '\n')
		i--;
	for (; i < t->len; i++)
		width += t->data[i] == '\t' ? TAB - width % TAB : 1;
	return (width);
}

/* Between two columns, the second of which has this length. */
static void
put_comma(struct text *t, size_t indent, size_t len)
{
	text_puts(t, ",");
	if (width_of(t) + strlen(" ,") + len <= WIDTH)
		text_puts(t, " ");
	else
		text_printf(t, "\n%*s", (int)indent, "");
}

static void
put_list(struct query_expansion *x, const struct schema *s,
    const struct part *parts, struct part prefix)
{
	size_t			 i, len, indent = width_of(&x->sql);
	const struct member	*m;
	bool			 more = false;

	if (indent > INDENT_MAX)
		indent = TAB;
	for (i = 0; i < s->nmembers; i++) {
		m = &s->members[i];
		if (m->type == T_LIST)
			continue;
		len = parts[i].text != NULL ? parts[i].len :
		    prefix.len + strlen(m->name);
		if (more)
			put_comma(&x->sql, indent, len);
		more = true;
		if (parts[i].text != NULL) {
			query_expand(x, parts[i].text, parts[i].len);
			continue;
		}
		text_add(&x->sql, prefix.text, prefix.len);
		text_puts(&x->sql, m->name);
	}
}

/* t is @user; it moves on over what belongs to it. */
static void
put_columns(struct query_expansion *x, struct query_token *t,
    struct part prefix)
{
	const struct schema	*s = find_schema(t->start + 1, t->len - 1);
	struct query_token	 next = *t;
	struct part		*parts;

	if (s == NULL) {
		FAIL(x, "%.*s: no schema has this name", (int)t->len, t->start);
		return;
	}
	if ((parts = query_alloc((s->nmembers + 1) * sizeof(*parts))) == NULL) {
		FAIL(x, "out of memory");
		return;
	}
	if (query_token_next(&next) && query_token_is(&next, "(")) {
		read_parts(x, s, parts, &next);
		*t = next;
	}
	if (x->problem == NULL)
		put_list(x, s, parts, prefix);
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
	} else {
		*q = (struct qualifier){ NULL, false };
	}
}

/* The qualifier is written already, but each column gets it anew. */
static void
expand_columns(struct query_expansion *x, struct query_token *t,
    const struct qualifier *q)
{
	struct part	 prefix = { "", 0 };

	if (q->dotted && q->start == NULL) {
		FAIL(x, "%.*s: only a name can stand before its dot",
		    (int)t->len, t->start);
		return;
	}
	if (q->dotted && !x->sql.cut) {
		prefix.text = q->start;
		prefix.len = (size_t)(t->start - q->start);
		x->sql.len -= prefix.len;
		x->sql.data[x->sql.len] = '\0';
	}
	put_columns(x, t, prefix);
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
			FAIL(x, "%.*s: write :name", (int)t.len, t.start);
			break;
		case QUERY_UNENDED:
			FAIL(x, "%s has no end", unended_name(*t.start));
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
		if (!is_gap(&t) && !query_token_is(&t, ";"))
			end = (size_t)(t.start + t.len - text);
	}
	return (end);
}

static bool
is_used(const struct query_expansion *x, const char *name)
{
	unsigned	 i;

	for (i = 0; i < x->nparams; i++) {
		if (strcmp(x->params[i].name, name) == 0)
			return (true);
	}
	return (false);
}

const char *
query_finish(struct query_expansion *x, struct query *q)
{
	const char *const	*name;

	for (name = x->names; name != NULL && *name != NULL; name++) {
		if (x->problem == NULL && !is_used(x, *name))
			FAIL(x, "it has no :%s", *name);
	}
	if (x->problem == NULL && x->sql.cut)
		FAIL(x, "out of memory");
	q->sql = x->sql.data;
	q->params = x->params;
	q->nparams = x->nparams;
	return (x->problem);
}
