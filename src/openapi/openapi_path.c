/* SPDX-License-Identifier: ISC */
/* Converts kore.conf's paths from regexes to OpenAPI's path templates. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "openapi/openapi_build.h"

/* From a bracket expression's `[` to its `]`; NULL if it has none. */
static const char *
bracket_end(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == '\0')
		return (NULL);
	return (strchr(p + 1, ']'));	/* a first ] is a member of the set */
}

/* From a group's `(` to its `)`; NULL if it contains another group. */
static const char *
group_end(const char *p)
{
	for (p++; *p != '\0' && *p != ')'; p++) {
		if (*p == '(')
			return (NULL);
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
	size_t			 n = 0;

	if (r->regex == NULL)
		return (snprintf(out, OPENAPI_PATH_MAX, "%s", p) <
		    OPENAPI_PATH_MAX);
	for (p += *p == '^'; *p != '\0' && strcmp(p, "$") != 0; p++) {
		if (n + OPENAPI_NAME_MAX >= OPENAPI_PATH_MAX)
			return (false);
		if (*p == '(') {
			if ((p = group_end(p)) == NULL ||
			    (row = route_next_path_row(r, row)) == NULL ||
			    strlen(row->name) + 3 > OPENAPI_NAME_MAX)
				return (false);
			n += (size_t)snprintf(out + n, OPENAPI_NAME_MAX,
			    "{%s}", row->name);
			continue;
		}
		if (*p == '\\') {
			if (*++p == '\0' || isalnum((unsigned char)*p))
				return (false);
		} else if (strchr(".[]*+?{}|^$)", *p) != NULL) {
			return (false);
		}
		out[n++] = *p;
	}
	out[n] = '\0';
	return (true);
}
