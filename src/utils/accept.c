/* SPDX-License-Identifier: ISC */
/* Reads Accept, Accept-Encoding and Content-Encoding. */

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "utils/accept.h"

#define BLANKS		" \t"
#define WEIGHT_MAX	1000
#define MALFORMED	(-1)

/* Reads "0.5" (RFC 9110, 12.4.2) as 500; MALFORMED if malformed. */
static int
read_weight(const char *p, const char *end)
{
	int	 weight, unit = WEIGHT_MAX / 10;

	if (p == end || (*p != '0' && *p != '1'))
		return (MALFORMED);
	weight = (*p++ - '0') * WEIGHT_MAX;
	if (p < end && *p == '.') {
		for (p++; p < end && isdigit((unsigned char)*p) && unit > 0;
		    p++, unit /= 10)
			weight += (*p - '0') * unit;
	}
	return (p == end && weight <= WEIGHT_MAX ? weight : MALFORMED);
}

/*
 * The bytes before the first of the stops, which do not count in a quoted
 * string (RFC 9110, 5.6.4); *closed: is each string closed?
 */
static size_t
length_before(const char *s, const char *stops, bool *closed)
{
	size_t	 n;

	*closed = true;
	for (n = 0; s[n] != '\0'; n++) {
		if (s[n] == '"')
			*closed = !*closed;
		else if (!*closed && s[n] == '\\' && s[n + 1] != '\0')
			n++;
		else if (*closed && strchr(stops, s[n]) != NULL)
			break;
	}
	return (n);
}

/*
 * The weight among the parameters from p to end: the greatest without one,
 * MALFORMED if something else follows the name.
 */
static int
find_weight(const char *p, const char *end)
{
	const char	*next, *last;
	bool		 closed;

	p += strspn(p, BLANKS);
	if (p < end && *p != ';')
		return (MALFORMED);
	for (; p < end; p = next) {
		p += strspn(p, ";" BLANKS);
		next = last = p + length_before(p, ",;", &closed);
		while (last > p && strchr(BLANKS, last[-1]) != NULL)
			last--;
		if (!closed)
			return (MALFORMED);
		if (strncasecmp(p, "q=", 2) == 0)
			return (read_weight(p + 2, last));
		if (strncasecmp(p, "q", 1) == 0 &&
		    (p + 1 == last || strchr(BLANKS, p[1]) != NULL))
			return (MALFORMED);
	}
	return (WEIGHT_MAX);
}

/*
 * Takes the next element off the list. Returns its name, which has n bytes, or
 * NULL if there is none.
 */
static const char *
next_element(const char **list, size_t *n, int *weight)
{
	const char	*name, *end;
	bool		 closed;

	while (**list != '\0') {
		name = *list + strspn(*list, BLANKS);
		end = name + length_before(name, ",", &closed);
		*list = *end == ',' ? end + 1 : end;
		*n = strcspn(name, ",;" BLANKS);
		*weight = find_weight(name + *n, end);
		if (*weight != MALFORMED)
			return (name);
	}
	return (NULL);
}

int
coding_weight(const char *header, const char *coding)
{
	const char	*name;
	size_t		 n;
	int		 weight, any = UNLISTED;

	while ((name = next_element(&header, &n, &weight)) != NULL) {
		if (n == strlen(coding) && strncasecmp(name, coding, n) == 0)
			return (weight);
		if (n == 1 && *name == '*')
			any = weight;
	}
	return (any);
}

/* How specific a range of n bytes is: the type itself, all of text, all. */
static int
specificity(const char *range, size_t n, const char *type)
{
	size_t	 slash = strcspn(type, "/") + 1;

	if (n == strlen(type) && strncasecmp(range, type, n) == 0)
		return (3);
	if (n == slash + 1 && range[slash] == '*' &&
	    strncasecmp(range, type, slash) == 0)
		return (2);
	return (n == 3 && strncmp(range, "*/*", n) == 0);
}

int
media_type_weight(const char *header, const char *type)
{
	const char	*range;
	size_t		 n;
	int		 weight, found, best = 1, result = 0;

	while ((range = next_element(&header, &n, &weight)) != NULL) {
		found = specificity(range, n, type);
		if (found > best || (found == best && weight > result))
			result = weight;
		if (found > best)
			best = found;
	}
	return (result);
}

static bool
is_named(const char *range, size_t n, const char *type)
{
	return (n == strlen(type) && strncasecmp(range, type, n) == 0);
}

void
error_weights_add(struct error_weights *w, const char *header)
{
	const char	*range;
	size_t		 n;
	int		 weight;

	while ((range = next_element(&header, &n, &weight)) != NULL) {
		if (is_named(range, n, PROBLEM_TYPE) && weight > w->problem)
			w->problem = weight;
		if (is_named(range, n, "application/json") &&
		    weight > w->json)
			w->json = weight;
	}
}

bool
error_weights_want_problem(const struct error_weights *w)
{
	return (w->problem > 0 && w->problem >= w->json);
}

bool
coding_is_applied(const char *header)
{
	static const char	 none[] = "identity";
	const char		*p = header;
	size_t			 n;

	for (;;) {
		p += strspn(p, "," BLANKS);
		if (*p == '\0')
			return (false);
		n = strcspn(p, "," BLANKS);
		if (n != strlen(none) || strncasecmp(p, none, n) != 0)
			return (true);
		p += n;
	}
}
