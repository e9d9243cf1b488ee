/* SPDX-License-Identifier: ISC */
/* Finds rows of a ROUTE, and lists their names. */

#include <string.h>

#include "http/routes_check.h"
#include "utils/text.h"

const struct route_row *
find_row(const struct route *r, enum route_row_kind kind, const char *name)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == kind &&
		    strcmp(r->rows[i].name, name) == 0)
			return (&r->rows[i]);
	}
	return (NULL);
}

/* Is the name one of a list like "a, b"? */
static bool
is_listed(const struct text *names, const char *name)
{
	const char	*p = names->data;
	size_t		 len = strlen(name);

	for (; names->len > 0 && p != NULL; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (strncmp(p, name, len) == 0 &&
		    (p[len] == ',' || p[len] == '\0'))
			return (true);
	}
	return (false);
}

void
names_of_rows(const struct route *r, enum route_row_kind kind,
    struct text *names)
{
	size_t	 i;

	for (i = 0; i < r->nrows; i++) {
		if (r->rows[i].kind == kind &&
		    !is_listed(names, r->rows[i].name))
			text_printf(names, "%s%s", names->len > 0 ? ", " : "",
			    r->rows[i].name);
	}
}
