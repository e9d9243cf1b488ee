/* SPDX-License-Identifier: ISC */
/* Decodes pairs of forms and query strings, in place. */

#include <stddef.h>
#include <string.h>

#include "utils/form.h"
#include "utils/percent.h"

/* A '+' is a space, an encoded one is itself. */
static bool
decode(char *s)
{
	char	*plus;

	for (plus = s; (plus = strchr(plus, '+')) != NULL; plus++)
		*plus = ' ';
	return (percent_decode(s));
}

int
form_next(char **cursor, struct form_pair *pair)
{
	char	*segment, *end, *equals;

	if (*cursor == NULL)
		return (-1);

	segment = *cursor + strspn(*cursor, "&");
	if (*segment == '\0')
		return (0);
	end = segment + strcspn(segment, "&");
	*cursor = end;
	if (*end == '&') {
		*end = '\0';
		*cursor = end + 1;
	}

	/* Split before decoding: an encoded '=' or '&' is part of the text. */
	equals = strchr(segment, '=');
	pair->name = segment;
	pair->has_value = equals != NULL;
	if (equals != NULL) {
		*equals = '\0';
		pair->value = equals + 1;
	} else
		pair->value = end;

	if (!decode(pair->name) || !decode(pair->value)) {
		*cursor = NULL;
		return (-1);
	}
	return (1);
}
