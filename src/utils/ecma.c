/* SPDX-License-Identifier: ISC */
/* Translates POSIX extended regular expressions (IEEE 1003.1, 9.4). */

#include <string.h>

#include "utils/ecma.h"
#include "utils/text.h"

/* [:digit:] and [:xdigit:] are the same in every locale. */
static size_t
class_of(const char *p, const char **means)
{
	static const struct {
		const char	*name;
		const char	*means;
	} classes[] = {
		{ "[:digit:]", "0-9" },
		{ "[:xdigit:]", "0-9A-Fa-f" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strncmp(p, classes[i].name,
		    strlen(classes[i].name)) != 0)
			continue;
		*means = classes[i].means;
		return (strlen(classes[i].name));
	}
	return (0);
}

/*
 * Writes a bracket expression; p points behind its `[`. In it, POSIX takes a
 * backslash literally, and a `]` that comes first. Returns the text behind it,
 * or NULL.
 */
static const char *
bracket(struct text *t, const char *p)
{
	const char	*means;
	bool		 first = true;
	size_t		 n;

	text_puts(t, "[");
	if (*p == '^')
		text_add(t, p++, 1);
	for (; *p != '\0' && (*p != ']' || first); p += n, first = false) {
		n = 1;
		if (*p == '[' && strchr(":.=", p[1]) != NULL) {
			if ((n = class_of(p, &means)) == 0)
				return (NULL);
			text_puts(t, means);
			continue;
		}
		if (strchr("\\[]", *p) != NULL)
			text_puts(t, "\\");
		text_add(t, p, 1);
	}
	text_puts(t, "]");
	return (*p == ']' ? p + 1 : NULL);
}

/* Refuses \d, \w and the like: JavaScript defines them its own way. */
static const char *
escape(struct text *t, const char *p)
{
	if (p[1] == '\0' || strchr("^.[]$()|*+?{}\\/", p[1]) == NULL)
		return (NULL);
	text_add(t, p, 2);
	return (p + 2);
}

/* {2,5}, or glibc's {,5}. POSIX leaves other braces undefined. */
static const char *
interval(struct text *t, const char *p)
{
	size_t	 n = strspn(p + 1, "0123456789,") + 2;

	if (p[n - 1] != '}' || n == 2)
		return (NULL);
	text_puts(t, p[1] == ',' ? "{0" : "{");
	text_add(t, p + 1, n - 1);
	return (p + n);
}

/* Refuses what POSIX leaves undefined and JavaScript defines: a??, (? ... */
static bool
may_repeat(const char *posix, const char *p)
{
	return (p > posix && (strchr("*+?{}(|^", p[-1]) == NULL ||
	    (p - posix >= 2 && p[-2] == '\\')));
}

/* JavaScript's dot does not match line breaks. */
static const char *
other(struct text *t, const char *p)
{
	if (*p == '.') {
		text_puts(t, "[\\s\\S]");
	} else {
		if (strchr("]}", *p) != NULL)
			text_puts(t, "\\");
		text_add(t, p, 1);
	}
	return (p + 1);
}

bool
ecma_pattern(const char *posix, char *out, size_t size)
{
	struct text	 t = text_in(out, size);
	const char	*p = posix;

	while (p != NULL && *p != '\0') {
		if (strchr("*+?{", *p) != NULL && !may_repeat(posix, p))
			p = NULL;
		else if (*p == '[')
			p = bracket(&t, p + 1);
		else if (*p == '\\')
			p = escape(&t, p);
		else if (*p == '{')
			p = interval(&t, p);
		else
			p = other(&t, p);
	}
	if (p != NULL && !t.cut)
		return (true);
	if (size > 0)
		*out = '\0';
	return (false);
}
