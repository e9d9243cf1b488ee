/* SPDX-License-Identifier: ISC */
/* Compares each list with the routes that respond with it, at the start. */

#include <stdio.h>
#include <string.h>

#include "database/list_check.h"
#include "http/routes.h"
#include "utils/start_error.h"

REGISTERED(struct list, lists);

/* What routes_walk() finds for one list. */
static struct {
	const struct list	*list;
	const char		*problem;
} check;

static bool
is_page_param(const char *name)
{
	return (strncmp(name, "page.", 5) == 0);
}

static const struct list_statement *
end_of(const struct list *l)
{
	return (l->statements + l->nstatements);
}

static bool
has_order(const struct list *l, const char *sort)
{
	const struct list_statement	*s;

	for (s = l->statements; s < end_of(l); s++) {
		if (s->sort != NULL && strcmp(s->sort, sort) == 0)
			return (true);
	}
	return (false);
}

/* Has every order its reverse? Returns one that has none; NULL: all have. */
static const char *
find_one_way(const struct list *l)
{
	const struct list_statement	*s;
	char				 other[64] = "-";

	for (s = l->statements; s < end_of(l); s++) {
		if (s->sort == NULL)
			continue;
		snprintf(other + 1, sizeof(other) - 1, "%s", s->sort);
		if (!has_order(l, *s->sort == '-' ? s->sort + 1 : other))
			return (s->sort);
	}
	return (NULL);
}

/* A row with a NULL key is found again only if NULL is a key like any other. */
static const struct member *
find_null_text(const struct list *l)
{
	const struct list_statement	*s;

	for (s = l->statements; s < end_of(l); s++) {
		if (s->key != NULL && s->key->type == T_STR &&
		    (s->key->flags & (OR_NULL | OPTIONAL)) != 0)
			return (s->key);
	}
	return (NULL);
}

static const char *
check_list(const struct list *l)
{
	const struct member	*key;
	const char		*name;

	if (l->sort == NULL)
		return (start_error("%s: which order is it without ?sort? "
		    "Write .sort = \"%s\"", l->name, l->statements->sort));
	if (l->both_ways && (name = find_one_way(l)) != NULL)
		return (start_error("%s: LIST_QUERY_%s needs both directions "
		    "of %s: take `asc` or `desc` out of `by` in sql/queries",
		    l->name, l->item != NULL ? "FIELDS" : "BOTH_WAYS",
		    name + (*name == '-')));
	if (l->cursor != NULL && (key = find_null_text(l)) != NULL)
		return (start_error("%s: %s, a text, may be NULL, and no "
		    "cursor can be made of that: take it out of `by` in "
		    "sql/queries, or define the list with LIST_QUERY_BY_PAGE",
		    l->name, key->name));
	return (list_check_items(l));
}

/* Every parameter is given, or a query parameter of the route. */
static const char *
check_params(const struct list *l, const struct route *r,
    const struct endpoint *e)
{
	const struct list_statement	*s;
	const char *const		*name;

	for (s = l->statements; s < end_of(l); s++) {
		for (name = s->query.names; *name != NULL; name++) {
			if (is_page_param(*name) ||
			    names_have(l->given, *name) ||
			    query_rule(r, e, *name) != NULL)
				continue;
			return (start_error("kore.conf: %s has no `validate "
			    "%s`, and %s has :%s; or let %s give it, and add "
			    "it to the list's LISTS", r->name, *name, l->name,
			    *name, e->name));
		}
	}
	return (NULL);
}

/* A choice of the validator, ^(a|b)$, that is no order; "" if it has none. */
static const char *
find_no_order(const struct list *l, const struct rule *rule,
    char choice[static 64])
{
	struct rule_facts	 facts;
	const char		*p;
	size_t			 n;

	rule_describe(rule, &facts);
	choice[0] = '\0';
	if (facts.kind != RULE_CHOICE)
		return (choice);
	for (p = facts.pattern + 2; *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		if (n >= 64)
			return (choice);
		memcpy(choice, p, n);
		choice[n] = '\0';
		if (!has_order(l, choice))
			return (choice);
	}
	return (NULL);
}

static const char *
check_sort(const struct list *l, const struct route *r,
    const struct rule *rule)
{
	const struct list_statement	*s;
	const char			*other;
	char				 choice[64];

	if ((other = find_no_order(l, rule, choice)) != NULL)
		return (*other == '\0' ?
		    start_error("kore.conf: the validator of %s's sort must "
		    "be a choice of the orders of %s, such as ^(%s)$", r->name,
		    l->name, l->sort) :
		    start_error("kore.conf: the validator of %s's sort has "
		    "%s, which is no order of %s: add it to `by` in "
		    "sql/queries, or take it out", r->name, other, l->name));
	for (s = l->statements; s < end_of(l); s++) {
		if (s->sort != NULL && rule_reason(rule, s->sort) != NULL)
			return (start_error("kore.conf: the validator of %s's "
			    "sort lacks %s, an order of %s: add it, or take "
			    "it out of `by` in sql/queries", r->name, s->sort,
			    l->name));
	}
	return (NULL);
}

static const char *
check_cursor(const struct list *l, const struct route *r,
    const struct endpoint *e)
{
	bool	 has = query_rule(r, e, "cursor") != NULL;

	if (has && l->cursor == NULL)
		return (start_error("kore.conf: %s has a cursor, and %s has "
		    "only pages: take the cursor out, or define the list "
		    "with LIST_QUERY", r->name, l->name));
	if (has && e->out_cursor != l->cursor)
		return (start_error("%s has a cursor in kore.conf: its row "
		    "needs .out_cursor = &%s_schema", e->name,
		    l->cursor->name));
	if (!has && e->out_cursor != NULL)
		return (start_error("%s has .out_cursor: write `validate "
		    "cursor v_cursor` in kore.conf, in the params of %s",
		    e->name, r->name));
	return (NULL);
}

static bool
responds_with(const struct endpoint *e, const struct list *l)
{
	return (e->verb == VERB_GET && e->out != NULL &&
	    e->out == (l->pages != NULL ? l->pages : l->cursor));
}

/* By any ROUTE: kore.conf may leave it out. */
static bool
is_sent(const struct list *l)
{
	struct route	*const *r;
	size_t		 i;

	EACH_REGISTERED(r, routes) {
		for (i = 0; i < (*r)->nrows; i++) {
			if ((*r)->rows[i].kind == ROW_ENDPOINT &&
			    responds_with(&(*r)->rows[i].endpoint, l))
				return (true);
		}
	}
	return (false);
}

static const char *
check_route(const struct list *l, const struct route *r,
    const struct endpoint *e)
{
	const struct rule	*sort = query_rule(r, e, "sort");
	const char		*problem;

	if ((problem = check_params(l, r, e)) != NULL ||
	    (problem = check_cursor(l, r, e)) != NULL ||
	    (problem = list_check_query(l, r, e)) != NULL)
		return (problem);
	return (sort != NULL ? check_sort(l, r, sort) : NULL);
}

/* One of the lists that have these responses must fit. */
static void
visit(const struct route *r, const struct endpoint *e)
{
	struct list	*const *i;

	if (check.problem != NULL || !responds_with(e, check.list))
		return;
	EACH_REGISTERED(i, lists) {
		if (responds_with(e, *i) && check_route(*i, r, e) == NULL)
			return;
	}
	check.problem = check_route(check.list, r, e);
}

const char *
lists_check(void)
{
	struct list	*const *i;

	EACH_REGISTERED(i, lists) {
		if ((check.problem = check_list(*i)) != NULL)
			return (check.problem);
		check.list = *i;
		routes_walk(visit);
		if (check.problem != NULL)
			return (check.problem);
		if (!is_sent(*i))
			return (start_error("%s: no GET responds with it: one "
			    "needs .out = &%s_schema", (*i)->name,
			    ((*i)->pages != NULL ? (*i)->pages :
			    (*i)->cursor)->name));
	}
	return (NULL);
}
