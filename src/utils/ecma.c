/* SPDX-License-Identifier: ISC */
/* Translates POSIX extended regular expressions (IEEE 1003.1, 9.4). */

#include <string.h>

#include "utils/ecma.h"

struct text {
	char	*out;
	size_t	 len;
	size_t	 size;
};

static bool
append(struct text *t, const char *s, size_t n)
{
	if (n >= t->size - t->len)
		return (false);
	memcpy(t->out + t->len, s, n);
	t->len += n;
	t->out[t->len] = '\0';
	return (true);
}

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

	if (!append(t, "[", 1))
		return (NULL);
	if (*p == '^' && !append(t, p++, 1))
		return (NULL);
	for (; *p != '\0' && (*p != ']' || first); p += n, first = false) {
		n = 1;
		if (*p == '[' && strchr(":.=", p[1]) != NULL && p[1] != '\0') {
			if ((n = class_of(p, &means)) == 0 ||
			    !append(t, means, strlen(means)))
				return (NULL);
			continue;
		}
		if (strchr("\\[]", *p) != NULL && !append(t, "\\", 1))
			return (NULL);
		if (!append(t, p, 1))
			return (NULL);
	}
	return (*p == ']' && append(t, "]", 1) ? p + 1 : NULL);
}

/* Refuses \d, \w and the like: JavaScript defines them its own way. */
static bool
escape(struct text *t, const char *p)
{
	if (p[1] == '\0' || strchr("^.[]$()|*+?{}\\/", p[1]) == NULL)
		return (false);
	return (append(t, p, 2));
}

/* {2,5}, or glibc's {,5}. POSIX leaves other braces undefined. */
static const char *
interval(struct text *t, const char *p)
{
	size_t	 n = strspn(p + 1, "0123456789,") + 2;

	if (p[n - 1] != '}' || n == 2)
		return (NULL);
	if (p[1] == ',')
		return (append(t, "{0", 2) && append(t, p + 1, n - 1) ?
		    p + n : NULL);
	return (append(t, p, n) ? p + n : NULL);
}

/* Refuses what POSIX leaves undefined and JavaScript defines: a??, (? ... */
static bool
may_repeat(const char *posix, const char *p)
{
	return (p > posix && (strchr("*+?{}(|^", p[-1]) == NULL ||
	    (p - posix >= 2 && p[-2] == '\\')));
}

/* JavaScript's dot does not match line breaks. */
static bool
other(struct text *t, char c)
{
	if (c == '.')
		return (append(t, "[\\s\\S]", 6));
	if (strchr("]}", c) != NULL && !append(t, "\\", 1))
		return (false);
	return (append(t, &c, 1));
}

bool
ecma_pattern(const char *posix, char *out, size_t size)
{
	struct text	 t = { .out = out, .len = 0, .size = size };
	const char	*p = posix;

	if (size == 0)
		return (false);
	*out = '\0';
	while (p != NULL && *p != '\0') {
		if (strchr("*+?{", *p) != NULL && !may_repeat(posix, p)) {
			p = NULL;
		} else if (*p == '[') {
			p = bracket(&t, p + 1);
		} else if (*p == '\\') {
			p = escape(&t, p) ? p + 2 : NULL;
		} else if (*p == '{') {
			p = interval(&t, p);
		} else {
			p = other(&t, *p) ? p + 1 : NULL;
		}
	}
	if (p == NULL)
		*out = '\0';
	return (p != NULL);
}
