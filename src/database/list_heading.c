/* SPDX-License-Identifier: ISC */
/* Reads the heading of a list: its orders, and the filters with an index. */

#include "database/query_load.h"

#define ORDER_FAIL(h, o, fmt, ...)					\
	QUERY_FAIL(h, "the order %.*s: " fmt, (int)(o)->len, (o)->text,	\
	    __VA_ARGS__)

const char *
list_key_cast(const struct member *m)
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

/* A type, a collation or a function may be called like a member. */
static bool
is_other_name(const struct query_token *t, const struct query_token *before)
{
	struct query_token	 next = *t;

	return ((t->kind != QUERY_WORD && t->kind != QUERY_NAME) ||
	    query_token_is(before, "collate") || query_token_is(before, "::") ||
	    (query_token_next(&next) && query_token_is(&next, "(")));
}

const struct member *
list_member_named(const struct list *l, const struct query_token *t,
    const struct query_token *before)
{
	bool	 quoted = t->kind == QUERY_NAME;

	if (is_other_name(t, before))
		return (NULL);
	return (query_member(l->row, t->start + quoted, t->len - 2 * quoted));
}

/*
 * Sets the order's key: the only member that its expression names. Texts have
 * the order of their code points, whatever the database's locale: the first
 * page of a descending one begins at the last of these.
 */
static void
find_key(struct list_heading *h, struct list_order *o)
{
	struct query_token	 t = query_tokens(o->text, o->len);
	struct query_token	 before = { .kind = QUERY_SIGN };
	const struct member	*m;
	bool			 collated = false;

	o->collation = "";
	while (h->problem == NULL && query_token_next(&t)) {
		if (query_token_is_gap(&t))
			continue;
		m = list_member_named(h->list, &t, &before);
		if (o->key == NULL)
			o->key = m;
		else if (m != NULL && m != o->key)
			ORDER_FAIL(h, o, "it names two members of %s, %s and "
			    "%s", h->list->row->name, o->key->name, m->name);
		if (query_token_is(&t, "collate"))
			collated = true;
		before = t;
	}
	if (o->key == NULL)
		ORDER_FAIL(h, o, "it names no member of %s",
		    h->list->row->name);
	else if (o->key->type == T_STR && !collated)
		o->collation = " COLLATE \"C\"";
}

static bool
is_nullable(const struct member *m)
{
	return ((m->flags & (OR_NULL | OPTIONAL)) != 0);
}

static void
check_order(struct list_heading *h, struct list_order *o)
{
	struct query_token	 t = query_tokens(o->text, o->len);

	if (list_key_cast(o->key) == NULL)
		ORDER_FAIL(h, o, "%s has no order", o->key->name);
	else if (is_nullable(o->key) && !(query_token_next(&t) &&
	    query_token_is(&t, "coalesce")))
		ORDER_FAIL(h, o, "%s may be null: write coalesce(%s, ...)",
		    o->key->name, o->key->name);
}

/* From start to the end of last; before it may be DESC or ASC. */
static void
add_order(struct list_heading *h, const char *start,
    const struct query_token *last, const struct query_token *before)
{
	struct list_order	*o = &h->orders[h->norders++];
	bool		 desc = query_token_is(last, "desc");
	bool		 asc = query_token_is(last, "asc");

	if (desc || asc)
		last = before;
	if (start == NULL || last->start < start) {
		QUERY_FAIL(h, "an order is empty: write by EXPRESSION, "
		    "EXPRESSION");
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
read_orders(struct list_heading *h, struct query_token *t)
{
	struct query_token	 last = *t, before = *t;
	const char		*start = NULL;
	unsigned		 depth = 0;
	bool			 more;

	while (h->problem == NULL) {
		more = query_token_next(t);
		if (more && query_token_is_gap(t))
			continue;
		depth += more && query_token_opens(t);
		depth -= more && query_token_closes(t);
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
add_filter(struct list_heading *h, const struct query_token *t)
{
	const struct query_token	 none = { .kind = QUERY_SIGN };
	const struct member		*m;

	m = list_member_named(h->list, t, &none);
	if (m == NULL || m->type >= T_LIST)
		QUERY_FAIL(h, "for %.*s: %s has no such member", (int)t->len,
		    t->start, h->list->row->name);
	else
		h->filters[h->nfilters++] = m->name;
}

/* Names between commas, behind `for`. */
static void
read_filters(struct list_heading *h, struct query_token *t)
{
	bool	 name = true;

	while (h->problem == NULL && query_token_next(t)) {
		if (query_token_is_gap(t))
			continue;
		if (name)
			add_filter(h, t);
		else if (!query_token_is(t, ","))
			break;
		name = !name;
	}
	if (h->problem == NULL && (name || t->start != t->end))
		QUERY_FAIL(h, "its heading ends with the names of filters: "
		    "write for NAME, NAME");
}

/* No order of a direction twice; the list's own is one of them. */
static void
check_sorts(struct list_heading *h)
{
	const struct list_order	*o, *p;
	bool			 found = h->list->sort == NULL;
	const char		*sort = found ? "" : h->list->sort;
	bool			 down = *sort == '-';

	for (o = h->orders; o < h->orders + h->norders; o++) {
		if (strcmp(o->key->name, "count") == 0)
			QUERY_FAIL(h, "an order cannot be called count");
		for (p = h->orders; p < o; p++) {
			if (p->key == o->key && ((p->up && o->up) ||
			    (p->down && o->down)))
				QUERY_FAIL(h, "two orders are by %s",
				    o->key->name);
		}
		if (strcmp(o->key->name, sort + down) == 0)
			found |= down ? o->down : o->up;
	}
	if (!found)
		QUERY_FAIL(h, "its .sort, %s, is none of its orders", sort);
}

static void
check_row(struct list_heading *h)
{
	const struct member	*id = schema_member(h->list->row, "id");

	if (id == NULL || id->type != T_UUID)
		QUERY_FAIL(h, "the rows of a list have an id, a T_UUID, and "
		    "%s has none", h->list->row->name);
}

static void
read_heading(struct list_heading *h)
{
	const char		*text = h->section->heading;
	struct query_token	 t = query_tokens(text, strlen(text));
	bool			 more;

	while ((more = query_token_next(&t)) && query_token_is_gap(&t))
		;
	if (!more || !query_token_is(&t, "by"))
		QUERY_FAIL(h, "write -- list: %s by EXPRESSION, EXPRESSION",
		    h->section->name);
	else if (read_orders(h, &t))
		read_filters(h, &t);
}

const char *
list_read_heading(struct list_heading *h)
{
	size_t	 most = strlen(h->section->heading) + 1;

	h->orders = query_alloc(most * sizeof(*h->orders));
	h->filters = query_alloc(most * sizeof(*h->filters));
	if (h->orders == NULL || h->filters == NULL)
		return ("out of memory");
	check_row(h);
	if (h->problem == NULL)
		read_heading(h);
	if (h->problem == NULL)
		check_sorts(h);
	return (h->problem);
}
