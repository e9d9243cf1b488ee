/* SPDX-License-Identifier: ISC */
/* What the items of a list show: ?fields and ?expand. */

#include <string.h>

#include "database/list.h"
#include "http/routes.h"

/* The function: not every list has these parameters. */
#undef query_param

/* The members of the items, total_is_estimate, and the NULL at the end. */
static size_t
most_names(const struct list *l)
{
	return (l->item->nmembers + 2);
}

/* A list that estimates its total says so in each page. */
static void
add_own(const struct list *l, const char **names, size_t n)
{
	if (l->total_max != NULL)
		names[n] = "total_is_estimate";
}

/* ?fields may name all members that are OUT, ?expand only objects. */
static const struct member *
find_field(const struct list *l, const char *param, const char *name)
{
	const struct member	*m = schema_own_member(l->item, name);

	if (m == NULL || (m->flags & OUT) == 0 ||
	    (strcmp(param, "expand") == 0 && m->type != T_OBJECT))
		return (NULL);
	return (m);
}

static void
add_name(struct ctx *c, const struct list *l, const char *param,
    const char **names, size_t *n, const char *name)
{
	const struct member	*m = find_field(l, param, name);
	const char		*field = ctx_printf(c, "query.%s", param);

	if (*name == '\0')
		error_detail(c, field, "not_allowed",
		    "Must be names with a comma between them");
	else if (m == NULL)
		error_detail(c, field, "not_allowed", "There is no field %s",
		    name);
	else if (!names_have(names, m->name))
		names[(*n)++] = m->name;
}

/* Adds the names in a query parameter, which commas separate. */
static void
add_names(struct ctx *c, const struct list *l, const char *param,
    const char **names, size_t *n)
{
	const char	*p = query_param(c, param);
	size_t		 len;

	for (; p != NULL; p = p[len] == '\0' ? NULL : p + len + 1) {
		len = strcspn(p, ",");
		add_name(c, l, param, names, n, ctx_strndup(c, p, len));
	}
}

const char *const *
list_fields(struct ctx *c, const struct list *l)
{
	const char	**names = ctx_alloc(c, most_names(l) * sizeof(*names));
	const char	*const *name;
	size_t		 n = 0;

	if (query_param(c, "fields") == NULL) {
		for (name = l->fields; *name != NULL; name++)
			names[n++] = *name;
	}
	add_names(c, l, "fields", names, &n);
	add_names(c, l, "expand", names, &n);
	raise_validation(c);
	add_own(l, names, n);
	return (names);
}
