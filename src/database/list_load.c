/* SPDX-License-Identifier: ISC */
/* Makes the statements of a list: one for each order, direction and filter. */

#include <string.h>

#include "database/query_load.h"
#include "database/query_text.h"
#include "utils/text.h"

/* What comes after every text; 255 times, since a column's text is shorter. */
#define TEXT_LAST	"repeat(chr(1114111), 255)"

/* An expression by which a list is sorted, and the member that it names. */
struct order {
	const char		*text;		/* lower(email) COLLATE "C" */
	size_t			 len;
	const struct member	*key;		/* email */
	bool			 up, down;
};

struct heading {
	const struct query_section	*section;
	struct list			*list;
	struct order			*orders;
	size_t				 norders;
	const char			**filters;
	size_t				 nfilters;
	const char			*problem;
};

#define FAIL(h, ...)							\
	((h)->problem = section_problem((h)->section, __VA_ARGS__))

/* The type that a member is compared as; NULL: it cannot be. */
static const char *
key_cast(const struct member *m)
{
	static const char	*const types[] = {
		[T_STR] = "::text",
		[T_UUID] = "::uuid",
		[T_BOOL] = "::boolean",
		[T_INT] = "::bigint",
		[T_TIME] = "::timestamptz",
	};

	return (m->type < sizeof(types) / sizeof(types[0]) ?
	    types[m->type] : NULL);
}

/* The heading */

/* The member that a token names, outside of COLLATE; or NULL. */
static const struct member *
named_member(const struct list *l, const struct query_token *t,
    const struct query_token *before)
{
	const struct schema	*s = l->row;
	const char		*name = t->start;
	size_t			 i, len = t->len;

	if (query_token_is(before, "collate") ||
	    (t->kind != QUERY_WORD && t->kind != QUERY_NAME))
		return (NULL);
	if (t->kind == QUERY_NAME) {
		name++;
		len -= 2;
	}
	for (i = 0; i < s->nmembers; i++) {
		if (strncmp(s->members[i].name, name, len) == 0 &&
		    s->members[i].name[len] == '\0')
			return (&s->members[i]);
	}
	return (NULL);
}

static bool
is_gap(const struct query_token *t)
{
	return (t->kind == QUERY_BLANK || t->kind == QUERY_COMMENT);
}

/* Sets the order's key: the only member that its expression names. */
static void
find_key(struct heading *h, struct order *o)
{
	struct query_token	 t = query_tokens(o->text, o->len);
	struct query_token	 before = { .kind = QUERY_SIGN };
	const struct member	*m;
	int			 len = (int)o->len;

	while (query_token_next(&t)) {
		if (is_gap(&t))
			continue;
		if ((m = named_member(h->list, &t, &before)) != NULL) {
			if (o->key != NULL && o->key != m) {
				FAIL(h, "the order %.*s names two members of "
				    "%s: %s and %s", len, o->text,
				    h->list->row->name, o->key->name, m->name);
				return;
			}
			o->key = m;
		}
		before = t;
	}
	if (o->key == NULL)
		FAIL(h, "the order %.*s names no member of %s", len, o->text,
		    h->list->row->name);
}

static bool
is_nullable(const struct member *m)
{
	return ((m->flags & (OR_NULL | OPTIONAL)) != 0);
}

static void
check_order(struct heading *h, struct order *o)
{
	struct query_token	 t = query_tokens(o->text, o->len);

	if (is_nullable(o->key) && !(query_token_next(&t) &&
	    query_token_is(&t, "coalesce")))
		FAIL(h, "the order %.*s: %s may be null: write coalesce(%s, "
		    "...)", (int)o->len, o->text, o->key->name, o->key->name);
	else if (key_cast(o->key) == NULL)
		FAIL(h, "the order %.*s: %s cannot be sorted", (int)o->len,
		    o->text, o->key->name);
}

/* From start to the end of last; before it may be DESC or ASC. */
static void
add_order(struct heading *h, const char *start,
    const struct query_token *last, const struct query_token *before)
{
	struct order	*o = &h->orders[h->norders++];
	bool		 desc = query_token_is(last, "desc");
	bool		 asc = query_token_is(last, "asc");

	if (desc || asc)
		last = before;
	if (start == NULL || last->start < start) {
		FAIL(h, "an order is empty: write by EXPRESSION, EXPRESSION");
		return;
	}
	o->text = start;
	o->len = (size_t)(last->start + last->len - start);
	o->up = !desc;
	o->down = !asc;
	find_key(h, o);
	if (h->problem == NULL)
		check_order(h, o);
}

/* Reads up to the end, or to `for`, of which t is then the token. */
static bool
read_orders(struct heading *h, struct query_token *t)
{
	struct query_token	 last = *t, before = *t;
	const char		*start = NULL;
	unsigned		 depth = 0;
	bool			 more;

	while (h->problem == NULL) {
		more = query_token_next(t);
		if (more && is_gap(t))
			continue;
		if (more && (query_token_is(t, "(") || query_token_is(t, "[")))
			depth++;
		if (more && (query_token_is(t, ")") || query_token_is(t, "]")))
			depth--;
		if (!more || (depth == 0 && (query_token_is(t, ",") ||
		    query_token_is(t, "for")))) {
			add_order(h, start, &last, &before);
			if (!more || !query_token_is(t, ","))
				return (more);
			start = NULL;
			continue;
		}
		if (start == NULL)
			start = t->start;
		before = last;
		last = *t;
	}
	return (false);
}

static void
add_filter(struct heading *h, const struct query_token *t)
{
	const struct query_token	 none = { .kind = QUERY_SIGN };
	const struct member		*m = named_member(h->list, t, &none);

	if (m == NULL || m->type == T_LIST)
		FAIL(h, "for %.*s: %s has no such member", (int)t->len,
		    t->start, h->list->row->name);
	else
		h->filters[h->nfilters++] = m->name;
}

/* Names between commas, behind `for`. */
static void
read_filters(struct heading *h, struct query_token *t)
{
	bool	 name = true;

	while (h->problem == NULL && query_token_next(t)) {
		if (is_gap(t))
			continue;
		if (name)
			add_filter(h, t);
		else if (!query_token_is(t, ","))
			break;
		name = !name;
	}
	if (h->problem == NULL && (name || t->start != t->end))
		FAIL(h, "the heading ends with the names of filters: write "
		    "for NAME, NAME");
}

static void
read_heading(struct heading *h)
{
	const char		*text = h->section->heading;
	struct query_token	 t = query_tokens(text, strlen(text));
	bool			 more;

	/* More than there can be. */
	h->orders = query_alloc((strlen(text) + 1) * sizeof(*h->orders));
	h->filters = query_alloc((strlen(text) + 1) * sizeof(*h->filters));
	if (h->orders == NULL || h->filters == NULL) {
		FAIL(h, "out of memory");
		return;
	}
	while ((more = query_token_next(&t)) && is_gap(&t))
		;
	if (!more || !query_token_is(&t, "by")) {
		FAIL(h, "write -- list: %s by EXPRESSION, EXPRESSION",
		    h->section->name);
		return;
	}
	if (read_orders(h, &t))
		read_filters(h, &t);
}

/* The statements */

/*
 * The order's expression of the last row of the page before. Before the first
 * page of texts in descending order that row is SQL's NULL.
 */
static void
put_key(struct text *out, const struct list *l, const struct order *o,
    bool down)
{
	struct query_token	 t = query_tokens(o->text, o->len);
	struct query_token	 before = { .kind = QUERY_SIGN };

	while (query_token_next(&t)) {
		if (named_member(l, &t, &before) == NULL)
			text_add(out, t.start, t.len);
		else
			text_printf(out, down && o->key->type == T_STR ?
			    "coalesce(:page.key%s, " TEXT_LAST ")" :
			    ":page.key%s", key_cast(o->key));
		if (!is_gap(&t))
			before = t;
	}
}

/* What follows the list's own text. */
static struct text
make_tail(const struct list *l, const struct order *o,
    const struct list_statement *s)
{
	struct text	 t = query_text();
	const char	*desc = s->descending ? " DESC" : "";
	int		 len = (int)o->len;

	text_printf(&t, "\n) AS list\n WHERE (%.*s, id) %s (", len, o->text,
	    s->descending ? "<" : ">");
	put_key(&t, l, o, s->descending);
	text_puts(&t, ", :page.id::uuid)\n");
	if (s->each != NULL)
		text_printf(&t, "   AND %s = :%s\n", s->each, s->each);
	text_printf(&t, " ORDER BY %.*s%s, id%s\n"
	    " LIMIT :page.limit OFFSET :page.skip", len, o->text, desc, desc);
	return (t);
}

/* The statement's parameters are all given, in the order of the names. */
static void
set_names(struct heading *h, struct query *q)
{
	const char	**names;
	unsigned	 i;

	names = query_alloc((q->nparams + 1) * sizeof(*names));
	if (names == NULL) {
		FAIL(h, "out of memory");
		return;
	}
	for (i = 0; i < q->nparams; i++)
		names[i] = q->params[i].name;
	q->names = names;
}

static void
make_query(struct heading *h, struct query *q, const char *head,
    const struct text *tail)
{
	struct query_expansion	 x = {
		.section = h->section, .collects = true, .sql = query_text()
	};

	text_puts(&x.sql, head);
	query_expand(&x, h->section->text, h->section->len);
	x.reserved = true;
	x.sql.cut |= tail->cut;
	if (!tail->cut)
		query_expand(&x, tail->data, tail->len);
	if ((h->problem = query_finish(&x, q)) == NULL)
		set_names(h, q);
}

/* "users.list:status:-created_at"; NULL when memory is short. */
static const char *
statement_name(const struct list *l, const struct list_statement *s)
{
	struct text	 t = query_text();

	text_printf(&t, "%s:%s%s%s", l->name, s->each != NULL ? s->each : "",
	    s->each != NULL ? ":" : "", s->sort != NULL ? s->sort : "count");
	return (t.cut ? NULL : t.data);
}

static struct list_statement *
new_statement(struct heading *h, const struct order *o, bool down,
    const char *each)
{
	struct list_statement	*s;
	struct text		 sort = query_text();

	s = &h->list->statements[h->list->nstatements++];
	s->each = each;
	s->descending = down;
	if (o != NULL) {
		text_printf(&sort, "%s%s", down ? "-" : "", o->key->name);
		s->sort = sort.data;
		s->key = o->key;
	}
	s->query.name = statement_name(h->list, s);
	s->query.row = o != NULL ? h->list->row : &total_schema;
	if (s->query.name == NULL)
		FAIL(h, "out of memory");
	return (s);
}

/* One direction: for each filter, and without any. */
static void
make_statements(struct heading *h, const struct order *o, bool down)
{
	struct list_statement	*s;
	struct text		 tail;
	size_t			 i;

	for (i = 0; i <= h->nfilters && h->problem == NULL; i++) {
		s = new_statement(h, o, down, h->filters[i]);
		tail = make_tail(h->list, o, s);
		if (h->problem == NULL)
			make_query(h, &s->query, "SELECT *\n  FROM (\n", &tail);
	}
}

static void
make_count(struct heading *h)
{
	struct list_statement	*s = new_statement(h, NULL, false, NULL);
	struct text		 tail = query_text();

	text_puts(&tail, "\n) AS list");
	if (h->problem == NULL)
		make_query(h, &s->query, "SELECT count(*) AS total\n  FROM (\n",
		    &tail);
}

/* No order of a direction twice; the list's own is one of them. */
static void
check_sorts(struct heading *h)
{
	const struct order	*o, *p;
	bool			 found = h->list->sort == NULL;
	const char		*sort = found ? "" : h->list->sort;
	bool			 down = *sort == '-';

	for (o = h->orders; o < h->orders + h->norders; o++) {
		for (p = h->orders; p < o; p++) {
			if (p->key == o->key && ((p->up && o->up) ||
			    (p->down && o->down)))
				FAIL(h, "two orders are by %s", o->key->name);
		}
		if (strcmp(o->key->name, sort + down) == 0)
			found |= down ? o->down : o->up;
	}
	if (!found)
		FAIL(h, "its .sort, %s, is none of its orders", sort);
}

static void
check_row(struct heading *h)
{
	const struct member	*id = schema_member(h->list->row, "id");

	if (id == NULL || id->type != T_UUID)
		FAIL(h, "the rows of a list have an id, a T_UUID, and %s has "
		    "none", h->list->row->name);
}

/* What the handler gives is a parameter of each statement. */
static void
check_given(struct heading *h)
{
	const struct query	*q = &h->list->statements[0].query;
	const char		*const *name;
	unsigned		 i;

	for (name = h->list->given; name != NULL && *name != NULL; name++) {
		if (h->list->until != NULL &&
		    strcmp(h->list->until, *name) == 0)
			continue;	/* it moves page.key */
		for (i = 0; i < q->nparams; i++) {
			if (strcmp(q->names[i], *name) == 0)
				break;
		}
		if (i == q->nparams)
			FAIL(h, "it has no :%s", *name);
	}
}

const char *
list_load(const struct query_section *section, struct list *l)
{
	struct heading		 h = { .section = section, .list = l };
	const struct order	*o;

	check_row(&h);
	if (h.problem == NULL)
		read_heading(&h);
	if (h.problem == NULL)
		check_sorts(&h);
	if (h.problem != NULL)
		return (h.problem);
	l->statements = query_alloc((h.norders * 2 * (h.nfilters + 1) + 1) *
	    sizeof(*l->statements));
	if (l->statements == NULL)
		return ("out of memory");
	for (o = h.orders; o < h.orders + h.norders; o++) {
		if (o->up)
			make_statements(&h, o, false);
		if (o->down)
			make_statements(&h, o, true);
	}
	if (l->pages != NULL)
		make_count(&h);
	if (h.problem == NULL)
		check_given(&h);
	return (h.problem);
}
