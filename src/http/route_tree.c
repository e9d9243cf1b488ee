/* SPDX-License-Identifier: ISC */
/* Finds a path's route, segment by segment. */

#include <stdlib.h>
#include <string.h>

#include "http/route_tree.h"

static int
compare(const char *text, size_t len, const struct route_tree *t)
{
	if (len != t->len)
		return (len < t->len ? -1 : 1);
	return (memcmp(text, t->text, len));
}

/* The index of that segment in `named`, or where it would be. */
static size_t
find_named(const struct route_tree *t, const char *text, size_t len,
    bool *found)
{
	size_t	 low = 0, high = t->nnamed, middle;
	int	 order;

	while (low < high) {
		middle = (low + high) / 2;
		order = compare(text, len, t->named[middle]);
		if ((*found = order == 0))
			return (middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*found = false;
	return (low);
}

static struct route_tree *
add_named(struct route_tree *t, const struct segment *s)
{
	struct route_tree	**named, *new;
	bool			  found;
	size_t			  i = find_named(t, s->text, s->len, &found);

	if (found)
		return (t->named[i]);
	if ((new = calloc(1, sizeof(*new))) == NULL ||
	    (named = reallocarray(t->named, t->nnamed + 1,
	    sizeof(*named))) == NULL) {
		free(new);
		return (NULL);
	}
	new->text = s->text;
	new->len = s->len;
	memmove(named + i + 1, named + i, (t->nnamed - i) * sizeof(*named));
	named[i] = new;
	t->named = named;
	t->nnamed++;
	return (new);
}

static struct route_tree *
add_segment(struct route_tree *t, const struct segment *s)
{
	if (s->text != NULL)
		return (add_named(t, s));
	if (t->group == NULL)
		t->group = calloc(1, sizeof(*t->group));
	return (t->group);
}

bool
route_tree_add(struct route_tree *t, const struct path_shape *shape,
    const struct route *route, size_t order)
{
	size_t	 i;

	for (i = 0; i < shape->nsegments; i++) {
		if ((t = add_segment(t, &shape->segments[i])) == NULL)
			return (false);
	}
	if (t->route == NULL) {
		t->route = route;
		t->order = order;
	}
	return (true);
}

static const struct route_tree *
first_of(const struct route_tree *a, const struct route_tree *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL ? b : a);
	return (a->order < b->order ? a : b);
}

/*
 * A path may have a route by its name and another one as a group. The segments
 * of the routes, not those of the path, end the search.
 */
const struct route_tree *
route_tree_find(const struct route_tree *t, const char *path)
{
	const struct route_tree	*first = NULL;
	const char		*text = path + 1;
	size_t			 len, i;
	bool			 found;

	if (*path == '\0')
		return (t->route != NULL ? t : NULL);
	if (*path != '/')
		return (NULL);
	len = strcspn(text, "/");
	i = find_named(t, text, len, &found);
	if (found)
		first = route_tree_find(t->named[i], text + len);
	if (t->group != NULL && len > 0)
		first = first_of(first, route_tree_find(t->group, text + len));
	return (first);
}
