/* SPDX-License-Identifier: ISC */
/* Converts kore.conf's paths from regexes to OpenAPI's path templates. */

#include <ctype.h>
#include <string.h>

#include "openapi/openapi_build.h"
#include "utils/text.h"

/* From a bracket expression's `[` to its `]`; NULL if it has none. */
static const char *
bracket_end(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == '\0')
		return (NULL);
	return (strchr(p + 1, ']'));	/* a first ] is a member of the set */
}

/* From a group's `(` to the next `)`. With a group in it, one `)` is left. */
static const char *
group_end(const char *p)
{
	for (p++; *p != '\0' && *p != ')'; p++) {
		if (*p == '[' && (p = bracket_end(p)) == NULL)
			return (NULL);
		if (*p == '\\' && *++p == '\0')
			return (NULL);
	}
	return (*p == ')' ? p : NULL);
}

bool
openapi_path(const struct route *r, char out[static OPENAPI_PATH_MAX])
{
	const struct route_row	*row = NULL;
	const char		*p = route_path(r);
	struct text		 t = text_in(out, OPENAPI_PATH_MAX);

	if (r->regex == NULL) {
		text_puts(&t, p);
		return (!t.cut);
	}
	for (p += *p == '^'; *p != '\0' && strcmp(p, "$") != 0; p++) {
		if (*p == '(') {
			if ((p = group_end(p)) == NULL ||
			    (row = route_next_path_row(r, row)) == NULL)
				return (false);
			text_printf(&t, "{%s}", row->name);
			continue;
		}
		if (*p == '\\') {
			if (*++p == '\0' || isalnum((unsigned char)*p))
				return (false);
		} else if (strchr(".[]*+?{}|^$)", *p) != NULL) {
			return (false);
		}
		text_add(&t, p, 1);
	}
	return (!t.cut);
}
