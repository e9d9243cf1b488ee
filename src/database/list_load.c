/* SPDX-License-Identifier: ISC */
/* Makes the statements of a list: one for each order, direction and filter. */

#include "database/query_load.h"

/* What comes after every text; 255 times, since a column's text is shorter. */
#define TEXT_LAST	"repeat(chr(1114111), 255)"

/*
 * The order's expression of the last row of the page before. Before the first
 * page of texts in descending order that row is SQL's NULL.
 */
static void
put_key(struct text *out, const struct list *l, const struct list_order *o,
    bool down)
{
	struct query_token	 t = query_tokens(o->text, o->len);
	struct query_token	 before = { .kind = QUERY_SIGN };

	while (query_token_next(&t)) {
		if (list_member_named(l, &t, &before) == NULL)
			text_add(out, t.start, t.len);
		else
			text_printf(out, down && o->key->type == T_STR ?
			    "coalesce(:page.key%s, " TEXT_LAST ")" :
			    ":page.key%s", list_key_cast(o->key));
		if (!query_token_is_gap(&t))
			before = t;
	}
	text_puts(out, o->collation);
}

/* What follows the list's own text. */
static struct text
order_tail(const struct list *l, const struct list_order *o,
    const struct list_statement *s)
{
	struct text	 t = query_text();
	const char	*desc = s->descending ? " DESC" : "";
	int		 len = (int)o->len;

	text_printf(&t, "\n) AS list\n WHERE (%.*s%s, id)\n       %s (", len,
	    o->text, o->collation, s->descending ? "<" : ">");
	put_key(&t, l, o, s->descending);
	text_puts(&t, ", :page.id::uuid)\n");
	if (s->each != NULL)
		text_printf(&t, "   AND %s = :%s\n", s->each, s->each);
	text_printf(&t, " ORDER BY %.*s%s%s, id%s\n LIMIT :page.limit%s", len,
	    o->text, o->collation, desc, desc,
	    l->pages != NULL ? " OFFSET :page.skip" : "");
	return (t);
}

static struct text
count_tail(const struct list *l, const struct list_statement *s)
{
	struct text	 t = query_text();

	text_puts(&t, "\n) AS list");
	if (s->each != NULL)
		text_printf(&t, "\n WHERE %s = :%s", s->each, s->each);
	if (l->total_max != NULL)
		text_puts(&t, "\n LIMIT :page.most\n) AS first");
	return (t);
}

/* The statement's parameters are all given, in the order of the names. */
static void
set_names(struct list_heading *h, struct query *q)
{
	const char	**names;
	unsigned	 i;

	names = query_alloc((q->nparams + 1) * sizeof(*names));
	if (names == NULL) {
		QUERY_FAIL(h, "out of memory");
		return;
	}
	for (i = 0; i < q->nparams; i++)
		names[i] = q->params[i].name;
	q->names = names;
}

static void
make_query(struct list_heading *h, struct query *q, const char *head,
    const struct text *tail)
{
	struct query_expansion	 x = {
		.section = h->section, .collects = true, .sql = query_text()
	};

	text_printf(&x.sql, "%s\n  FROM (\n", head);
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
	return (query_keep(&t));
}

static struct list_statement *
new_statement(struct list_heading *h, const struct list_order *o, bool down,
    const char *each)
{
	struct list_statement	*s;
	struct text		 sort = query_text();

	s = &h->list->statements[h->list->nstatements++];
	s->each = each;
	s->descending = down;
	if (o != NULL) {
		text_printf(&sort, "%s%s", down ? "-" : "", o->key->name);
		s->sort = query_keep(&sort);
		s->key = o->key;
	}
	s->query.name = statement_name(h->list, s);
	s->query.row = o != NULL ? h->list->row : &total_schema;
	if (s->query.name == NULL || (o != NULL && s->sort == NULL))
		QUERY_FAIL(h, "out of memory");
	return (s);
}

#define COUNT	"SELECT count(*) AS total"
#define BOUNDED	COUNT "\n  FROM (\nSELECT *"

/* For each filter, and last without any; o is NULL for the counts. */
static void
make_statements(struct list_heading *h, const struct list_order *o, bool down)
{
	struct list_statement	*s;
	struct text		 tail;
	size_t			 i;

	for (i = 0; i <= h->nfilters && h->problem == NULL; i++) {
		s = new_statement(h, o, down, h->filters[i]);
		tail = o != NULL ? order_tail(h->list, o, s) :
		    count_tail(h->list, s);
		if (h->problem == NULL)
			make_query(h, &s->query, o != NULL ? "SELECT *" :
			    h->list->total_max != NULL ? BOUNDED : COUNT,
			    &tail);
	}
}

static bool
has_param(const struct query *q, const char *name)
{
	return (query_find_param(q->params, q->nparams, name,
	    strlen(name)) != NULL);
}

/*
 * The last statement of an order has no filter of its own: its parameters are
 * those of the list's own text. When two filters are given, the second one
 * must be among them.
 */
static void
check_filters(struct list_heading *h)
{
	const struct query	*q = &h->list->statements[h->nfilters].query;
	size_t			 i;

	for (i = 0; i < h->nfilters && h->nfilters > 1; i++) {
		if (!has_param(q, h->filters[i]))
			QUERY_FAIL(h, "for %s: with several filters, the "
			    "list's own text needs each, too, and has no :%s",
			    h->filters[i], h->filters[i]);
	}
}

/* What the handler gives is a parameter of each statement. */
static void
check_given(struct list_heading *h)
{
	const struct query	*q = &h->list->statements[0].query;
	const char		*const *name;

	for (name = h->list->given; name != NULL && *name != NULL; name++) {
		if (h->list->until != NULL &&
		    strcmp(h->list->until, *name) == 0)
			continue;	/* it moves page.key */
		if (!has_param(q, *name))
			QUERY_FAIL(h, "it has no :%s, which its LISTS says "
			    "is given: use it, or take it out there", *name);
	}
}

const char *
list_load(const struct query_section *section, struct list *l)
{
	struct list_heading	 h = { .section = section, .list = l };
	const struct list_order	*o;

	if (list_read_heading(&h) != NULL)
		return (h.problem);
	l->statements = query_alloc((h.norders * 2 + 1) * (h.nfilters + 1) *
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
		make_statements(&h, NULL, false);
	if (h.problem == NULL)
		check_filters(&h);
	if (h.problem == NULL)
		check_given(&h);
	return (h.problem);
}
