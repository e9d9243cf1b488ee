/* SPDX-License-Identifier: ISC */
/* What is wrong with the items of a list, and with ?fields and ?expand. */

#include <string.h>

#include "database/list_check.h"
#include "schema/validator.h"
#include "utils/start_error.h"

/* The schema of a response's items; NULL: the list has no such response. */
static const struct schema *
items_of(const struct schema *response)
{
	const struct member	*m = response == NULL ? NULL :
				    schema_own_member(response, "items");

	return (m != NULL ? m->of : NULL);
}

/* One of them that has these flags; NULL: none has. */
static const struct member *
find_flagged(const struct schema *s, unsigned flags)
{
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if ((m->flags & flags) == flags)
			return (m);
	}
	return (NULL);
}

static const char *
check_response(const struct list *l, const struct schema *response)
{
	const struct schema	*items = items_of(response);

	if (items == NULL)
		return (NULL);
	if (strcmp(items->structure, l->row->structure) != 0)
		return (start_error("%s: its rows are of struct %s, and the "
		    "items of %s_schema of struct %s: name the responses of a "
		    "list of the same rows", l->name, l->row->structure,
		    response->name, items->structure));
	if (l->item == NULL && find_flagged(items, OUT | SPARSE) != NULL)
		return (start_error("%s: the items of %s_schema show what "
		    "?fields asks for: write .item = &%s_schema and .fields = "
		    "NAMES(...)", l->name, response->name, items->name));
	if (l->item != NULL && l->item != items)
		return (start_error("%s: its .item is %s_schema, and %s_schema "
		    "has items of %s: write .item = &%s_schema", l->name,
		    l->item->name, response->name, items->name, items->name));
	return (NULL);
}

static const char *
check_fields(const struct list *l)
{
	const char *const	*name;
	const struct member	*m;

	for (name = l->fields; *name != NULL; name++) {
		if ((m = schema_own_member(l->item, *name)) == NULL)
			return (start_error("%s: .fields names %s, which %s "
			    "does not have", l->name, *name, l->item->name));
		if ((m->flags & OUT) == 0)
			return (start_error("%s: .fields names %s, which is "
			    "not OUT in %s: write OUT, or take it out of "
			    ".fields", l->name, *name, l->item->name));
		if (names_have(name + 1, *name))
			return (start_error("%s: .fields names %s twice",
			    l->name, *name));
	}
	return (NULL);
}

static const char *
check_item(const struct list *l)
{
	if (l->item == NULL && l->fields != NULL)
		return (start_error("%s has .fields, and no .item: define it "
		    "with LIST_QUERY_FIELDS, or take .fields out", l->name));
	if (l->item == NULL)
		return (NULL);
	if (l->fields == NULL)
		return (start_error("%s has .item, and no .fields: write "
		    ".fields = NAMES(...), what its items show without "
		    "?fields", l->name));
	if (find_flagged(l->item, OUT | SPARSE) == NULL)
		return (start_error("%s: no member of %s is SPARSE, so that "
		    "?fields would change nothing: write .sparse = true in "
		    "its SCHEMA_LIKE", l->name, l->item->name));
	return (check_fields(l));
}

/* An object that a client may ask for, or that is always there. */
static const char *
check_objects(const struct list *l, const struct schema *items)
{
	const struct member	*m;

	for (m = items->members; m < items->members + items->nmembers; m++) {
		if (m->type == T_OBJECT && (m->flags & OUT) != 0 &&
		    (m->flags & (OPTIONAL | SPARSE)) != OPTIONAL)
			return (start_error("%s: nothing sets %s, an OBJECT "
			    "of %s: write .complete, a function that does",
			    l->name, m->name, items->name));
	}
	return (NULL);
}

static const char *
check_total(const struct list *l)
{
	if (l->total_max == NULL && l->estimate == NULL)
		return (NULL);
	if (l->estimate == NULL)
		return (start_error("%s has .total_max, and no .estimate: "
		    "write the function that says about how many rows there "
		    "are", l->name));
	if (l->total_max == NULL)
		return (start_error("%s has .estimate, and no .total_max: "
		    "write how many rows are counted before the total is "
		    "estimated", l->name));
	if (l->pages == NULL)
		return (start_error("%s has .total_max, and no pages with a "
		    "total: take it and .estimate out", l->name));
	if (schema_own_member(l->pages, "total_is_estimate") == NULL)
		return (start_error("%s has .total_max, and %s_schema has no "
		    "total_is_estimate: define the list with "
		    "LIST_QUERY_FIELDS", l->name, l->pages->name));
	return (NULL);
}

const char *
list_check_items(const struct list *l)
{
	const struct schema	*response = l->pages != NULL ? l->pages :
				    l->cursor;
	const struct schema	*items = items_of(response);
	const char		*problem;

	if ((problem = check_item(l)) != NULL ||
	    (problem = check_response(l, l->pages)) != NULL ||
	    (problem = check_response(l, l->cursor)) != NULL ||
	    (problem = check_total(l)) != NULL)
		return (problem);
	return (items != NULL && l->complete == NULL ?
	    check_objects(l, items) : NULL);
}

/* Has the list's text a parameter of that name? */
static bool
is_its_own(const struct list *l, const char *name)
{
	size_t	 i;

	for (i = 0; i < l->nstatements; i++) {
		if (names_have(l->statements[i].query.names, name))
			return (true);
	}
	return (false);
}

/* Has the schema an object of that name? NULL: of any name. */
static bool
has_object(const struct schema *s, const char *name, size_t len)
{
	const struct member	*m;

	for (m = s->members; m < s->members + s->nmembers; m++) {
		if (m->type == T_OBJECT && (m->flags & OUT) != 0 &&
		    (name == NULL || (strlen(m->name) == len &&
		    strncmp(m->name, name, len) == 0)))
			return (true);
	}
	return (false);
}

/* Each choice of the validator, ^(a|b)$, must be an object of the items. */
static const char *
check_expand(const struct list *l, const struct route *r,
    const struct rule *rule)
{
	struct rule_facts	 facts;
	const char		*p;
	size_t			 n;

	if (!has_object(l->item, NULL, 0))
		return (start_error("kore.conf: %s has `validate expand`, and "
		    "%s has no OBJECT: take it out, or add one with OUT | "
		    "OPTIONAL", r->name, l->item->name));
	rule_describe(rule, &facts);
	if (facts.kind != RULE_CHOICE)
		return (NULL);
	for (p = facts.pattern + 2; *p != '$'; p += n + 1) {
		n = strcspn(p, "|)");
		if (!has_object(l->item, p, n))
			return (start_error("kore.conf: the validator of %s's "
			    "expand has %.*s, which is no OBJECT of %s: add "
			    "it there, or take it out", r->name, (int)n, p,
			    l->item->name));
	}
	return (NULL);
}

const char *
list_check_query(const struct list *l, const struct route *r,
    const struct endpoint *e)
{
	const struct rule	*expand = query_rule(r, e, "expand");
	static const char *const names[] = { "fields", "expand" };
	size_t			 i;

	for (i = 0; i < 2 && l->item == NULL; i++) {
		if (query_rule(r, e, names[i]) != NULL &&
		    !is_its_own(l, names[i]))
			return (start_error("kore.conf: %s has `validate %s`, "
			    "and the items of %s always show the same: take "
			    "it out, or define the list with "
			    "LIST_QUERY_FIELDS", r->name, names[i], l->name));
	}
	return (l->item != NULL && expand != NULL ?
	    check_expand(l, r, expand) : NULL);
}
