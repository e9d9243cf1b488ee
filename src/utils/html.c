/* SPDX-License-Identifier: ISC */
/* Fills templates of HTML; escapes text. */

#include <string.h>

#include "utils/html.h"

void
html_escape(struct text *t, const char *s, size_t n)
{
	static const char *const escapes[][2] = {
		{ "&", "&amp;" }, { "<", "&lt;" }, { ">", "&gt;" },
		{ "\"", "&quot;" }, { "'", "&#39;" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (*s == *escapes[i][0]) {
			text_puts(t, escapes[i][1]);
			return;
		}
	}
	text_add(t, s, n);
}

static void
add_value(struct text *t, const struct html_value *v)
{
	const char	*s;

	if (v->is_html) {
		text_puts(t, v->value);
		return;
	}
	for (s = v->value; *s != '\0'; s++)
		html_escape(t, s, 1);
}

/* The value whose name is len bytes at `name`; NULL if there is none. */
static const struct html_value *
find_value(const struct html_value *v, const char *name, size_t len)
{
	for (; v->name != NULL; v++) {
		if (strlen(v->name) == len && strncmp(v->name, name, len) == 0)
			return (v);
	}
	return (NULL);
}

void
html_fill(struct text *t, const char *template,
    const struct html_value *values)
{
	const struct html_value	*v;
	const char		*gap, *end;

	while ((gap = strstr(template, "{{")) != NULL) {
		text_add(t, template, (size_t)(gap - template));
		gap += 2;
		end = strstr(gap, "}}");
		v = end == NULL ? NULL : find_value(values, gap,
		    (size_t)(end - gap));
		if (v == NULL) {
			t->cut = true;
			return;
		}
		add_value(t, v);
		template = end + 2;
	}
	text_puts(t, template);
}
