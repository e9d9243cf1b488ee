/* SPDX-License-Identifier: ISC */
/* Reads the regexes of kore.conf's paths: literals, escapes and groups. */

#include <ctype.h>
#include <string.h>

#include "http/path_template.h"

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
path_template(const char *regex, path_group_fn *fn, void *arg, struct text *t)
{
	const char	*p = regex;

	for (p += *p == '^'; *p != '\0' && strcmp(p, "$") != 0; p++) {
		if (*p == '(') {
			if ((p = group_end(p)) == NULL || !fn(t, arg))
				return (false);
			continue;
		}
		if (*p == '\\') {
			if (*++p == '\0' || isalnum((unsigned char)*p))
				return (false);
		} else if (strchr(".[]*+?{}|^$)", *p) != NULL) {
			return (false);
		}
		text_add(t, p, 1);
	}
	return (!t->cut);
}
