/* SPDX-License-Identifier: ISC */
/* Bracket expressions of POSIX regular expressions: [a-z], [^[:space:]]. */

#include <stdio.h>
#include <string.h>

#include "utils/posix.h"
#include "utils/start_error.h"
#include "utils/utf8.h"

const char *const	posix_classes[POSIX_CLASSES] = {
	"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower",
	"print", "punct", "space", "upper", "xdigit"
};

/* What a backslash means elsewhere, and how to write it in brackets. */
static const struct {
	const char	*after;
	const char	*write;
} escapes[] = {
	{ "]", "] first, []...]" },
	{ "-", "- last, [...-]" },
	{ "^", "^ not first, [...^]" },
	{ "d", "0-9" },
	{ "w", "A-Za-z0-9_" },
	{ "snrfvR", "[:space:] inside the brackets" },
	{ "th", "[:blank:] inside the brackets" },
	{ "abe", "[:cntrl:] inside the brackets" },
	{ "pP", "a class such as [:alpha:] inside the brackets" },
	{ "DWSHVN", "what is wanted, or [^...] for what is not" },
	{ "xuUco0123456789", "the character itself" },
};

static const char *
backslash(const char *p)
{
	size_t	 i;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (p[1] != '\0' && strchr(escapes[i].after, p[1]) != NULL)
			return (start_error("in [...] a backslash stands for "
			    "itself, and \\%c is two characters: write %s, or "
			    "\\\\ for a backslash", p[1], escapes[i].write));
	}
	return (start_error("in [...] a backslash stands for itself: leave it "
	    "out, or write \\\\ for a backslash"));
}

/* The number of the class at [: and the length with its :]; or -1. */
static int
class_at(const char *p, size_t *len)
{
	int	 i;
	size_t	 n;

	for (i = 0; i < POSIX_CLASSES; i++) {
		n = strlen(posix_classes[i]);
		if (strncmp(p + 2, posix_classes[i], n) == 0 &&
		    strncmp(p + 2 + n, ":]", 2) == 0) {
			*len = n + 4;
			return (i);
		}
	}
	return (-1);
}

static bool
is_symbol(const char *p)
{
	return (*p == '[' && p[1] != '\0' && strchr(":.=", p[1]) != NULL);
}

/* One character, where \\ is one. */
static uint32_t
character(const char **p)
{
	size_t		 n = utf8_sequence(*p, 4);
	uint32_t	 code = utf8_code(*p, n);

	*p += **p == '\\' ? 2 : n;
	return (code);
}

static bool
is_range(const char *p)
{
	return (*p == '-' && p[1] != ']' && p[1] != '\0');
}

bool
posix_bracket_next(const char **p, struct posix_item *item)
{
	size_t	 n;

	item->class = -1;
	if (is_symbol(*p)) {
		item->class = class_at(*p, &n);
		*p += n;
	} else {
		item->from = item->to = character(p);
		if (is_range(*p)) {
			++*p;
			item->to = character(p);
		}
	}
	return (**p != ']');
}

/* [[=a=]] and [[.a.]]; [[:word:]]. */
static const char *
symbol(const char *p)
{
	size_t	 n;

	if (p[1] != ':')
		return (start_error("[%c%c is a collating element: write the "
		    "character itself", *p, p[1]));
	if (class_at(p, &n) != -1)
		return (NULL);
	n = strspn(p + 2, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789^<>-_");
	if (strncmp(p + 2 + n, ":]", 2) != 0)
		return ("no :] ends a [: in [...]");
	if (strncmp(p + 2, "word", n) == 0 && n == 4)
		return (start_error("POSIX has no class [:word:]: write "
		    "A-Za-z0-9_"));
	return (start_error("POSIX has no class [:%.*s:]: it has alnum, alpha, "
	    "blank, cntrl, digit, graph, lower, print, punct, space, upper and "
	    "xdigit", (int)(n < 40 ? n : 40), p + 2));
}

/* What may not begin or end a range, or stand alone. */
static const char *
end_problem(const char *p)
{
	if (*p == '\0' || utf8_sequence(p, 4) == 0)
		return ("no ] ends a [: write \\[ for the character");
	if (*p == '\\' && p[1] != '\\')
		return (backslash(p));
	return (NULL);
}

/* A range that begins at p; behind it, no second one may follow: [a-m-z]. */
static const char *
range_problem(const char *p, const char *end, const struct posix_item *item)
{
	if (item->from > 0x7f || item->to > 0x7f)
		return (start_error("the range %.*s is not within ASCII: write "
		    "each character, or a class such as [:alpha:]",
		    (int)(end - p), p));
	if (item->from > item->to)
		return (start_error("the range %.*s has no characters: write "
		    "the lower end first, or - last for the character",
		    (int)(end - p), p));
	return (NULL);
}

static const char *
item_problem(const char **p, bool first)
{
	struct posix_item	 item;
	const char		*start = *p, *behind = *p, *problem;
	bool			 range = false;

	if ((problem = end_problem(start)) != NULL)
		return (problem);
	if (is_symbol(start)) {
		if ((problem = symbol(start)) != NULL)
			return (problem);
	} else {
		if (*start == '-' && !first && is_range(start))
			return ("a - between characters in [...]: write - "
			    "last, [...-]");
		character(&behind);
		range = is_range(behind);
		if (range && is_symbol(behind + 1))
			return ("a class in [...] cannot end a range: write - "
			    "last, [...-]");
		if (range && (problem = end_problem(behind + 1)) != NULL)
			return (problem);
	}
	posix_bracket_next(p, &item);
	return (range ? range_problem(start, *p, &item) : NULL);
}

/* [:alpha:] without the outer brackets; [0-9:alpha:]. */
static bool
has_bare_class(const char *p, size_t len)
{
	const char	*found;
	char		 name[16];
	int		 i;

	for (i = 0; i < POSIX_CLASSES; i++) {
		snprintf(name, sizeof(name), ":%s:", posix_classes[i]);
		found = memmem(p + 1, len - 1, name, strlen(name));
		if (found != NULL && (found == p + 1 || found[-1] != '['))
			return (true);
	}
	return (false);
}

const char *
posix_bracket_problem(const char *p, size_t *len)
{
	const char	*start = p, *problem;
	bool		 first = true;

	p += p[1] == '^' ? 2 : 1;
	while (*p != ']' || first) {
		if ((problem = item_problem(&p, first)) != NULL)
			return (problem);
		first = false;
	}
	*len = (size_t)(p + 1 - start);
	return (!has_bare_class(start, *len) ? NULL : "a class needs brackets "
	    "of its own: write [[:alpha:]], not [:alpha:]");
}
