/* SPDX-License-Identifier: ISC */
/* Finds rows of a ROUTE, and writes the line about one that is wrong. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/routes_check.h"
#include "utils/start_error.h"
#include "utils/text.h"

const char *
row_error(const struct route *r, const struct endpoint *e, const char *fmt,
    ...)
{
	char	 what[768];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return (start_error("%s: %s(%s) in ROUTE(%s) %s", r->router->file,
	    endpoint_verb_name(e->verb), e->name, r->name, what));
}

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
