/* SPDX-License-Identifier: ISC */
/* Writes the columns of a struct in the place of @user. */

#include "database/query_load.h"

#define WIDTH		80
#define INDENT_MAX	48	/* beyond it, the next line begins at a tab */
#define TAB		8

REGISTERED(struct schema, schemas);

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
		if (query_is_name((*s)->name, name, len))
			return (*s);
	}
	return (NULL);
}

/* @user(...), while it is read. */
struct parts {
	const struct query_section	*section;
	const struct schema		*schema;
	struct part			*parts;		/* one per member */
	const char			*problem;
};

/* Takes the part that ends with the token last, the name of it. */
static void
take_part(struct parts *p, const char *start, const struct query_token *last,
    bool as)
{
	const struct member	*m;
	const char		*name = p->schema->name;
	int			 len = (int)last->len;
	struct part		*part;

	if (!as || last->kind != QUERY_WORD) {
		QUERY_FAIL(p, "@%s(...): each expression ends with AS and the "
		    "name of a column", name);
		return;
	}
	m = query_member(p->schema, last->start, last->len);
	if (m == NULL || m->type >= T_LIST) {
		QUERY_FAIL(p, "@%s(...): %s has no column %.*s", name, name,
		    len, last->start);
		return;
	}
	part = &p->parts[m - p->schema->members];
	if (part->text != NULL)
		QUERY_FAIL(p, "@%s(...) has %.*s twice", name, len,
		    last->start);
	part->text = start;
	part->len = (size_t)(last->start + last->len - start);
}

/* t is the parenthesis behind @user, and then the one that closes it. */
static void
read_parts(struct parts *p, struct query_token *t)
{
	struct query_token	 last = { .kind = QUERY_SIGN };
	const char		*start = NULL;
	unsigned		 depth = 1;
	bool			 as = false;

	while (p->problem == NULL && query_token_next(t)) {
		if (query_token_is_gap(t))
			continue;
		depth += query_token_opens(t);
		depth -= query_token_closes(t);
		if (depth == 0 || (depth == 1 && query_token_is(t, ","))) {
			take_part(p, start, &last, as && start != NULL);
			if (depth == 0)
				return;
			start = NULL;
			continue;
		}
		if (start == NULL)
			start = t->start;
		as = query_token_is(&last, "as");
		last = *t;
	}
	if (p->problem == NULL)
		QUERY_FAIL(p, "@%s( is never closed", p->schema->name);
}

size_t
query_width(const struct text *t)
{
	size_t	 i = t->len, width = 0;

	while (i > 0 && t->data[i - 1] != '\n')
		i--;
	for (; i < t->len; i++)
		width += t->data[i] == '\t' ? TAB - width % TAB : 1;
	return (width);
}

static void
put_list(const struct parts *p, struct part prefix, size_t indent,
    struct text *out)
{
	size_t		 i, len, width = indent;
	const char	*name;
	bool		 more = false;

	for (i = 0; i < p->schema->nmembers; i++) {
		name = p->schema->members[i].name;
		if (p->schema->members[i].type >= T_LIST)
			continue;
		len = p->parts[i].text != NULL ? p->parts[i].len :
		    prefix.len + strlen(name);
		if (more && width + strlen(", ,") + len > WIDTH) {
			width = indent > INDENT_MAX ? TAB : indent;
			text_printf(out, ",\n%*s", (int)width, "");
		} else if (more) {
			text_puts(out, ", ");
			width += strlen(", ");
		}
		more = true;
		width += len;
		if (p->parts[i].text != NULL) {
			text_add(out, p->parts[i].text, len);
			continue;
		}
		text_add(out, prefix.text, prefix.len);
		text_puts(out, name);
	}
}

const char *
query_columns(const struct query_section *section, struct query_token *t,
    const char *start, size_t indent, struct text *out)
{
	struct part		 prefix = { start, (size_t)(t->start - start) };
	struct query_token	 next = *t;
	struct parts		 p = { .section = section };

	p.schema = find_schema(t->start + 1, t->len - 1);
	if (p.schema == NULL)
		return (section_problem(section, "%.*s: no schema has this "
		    "name", (int)t->len, t->start));
	p.parts = query_alloc((p.schema->nmembers + 1) * sizeof(*p.parts));
	if (p.parts == NULL)
		return ("out of memory");
	if (query_token_next(&next) && query_token_is(&next, "(")) {
		read_parts(&p, &next);
		*t = next;
	}
	if (p.problem == NULL)
		put_list(&p, prefix, indent, out);
	return (p.problem);
}
