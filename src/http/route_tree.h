/* SPDX-License-Identifier: ISC */
/*
 * The routes of a domain by the segments of their paths, so that the time in
 * which a path's route is found does not grow with their number.
 */

#ifndef HTTP_ROUTE_TREE_H
#define HTTP_ROUTE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/path_shape.h"

struct route;

/* Where the paths that begin alike go on, a segment further. */
struct route_tree {
	const char		 *text;		/* of the segment */
	size_t			  len;
	const struct route	 *route;	/* ends here; or NULL */
	size_t			  order;	/* of that route */
	struct route_tree	 *group;	/* any segment; or NULL */
	struct route_tree	**named;	/* sorted */
	size_t			  nnamed;
};

/*
 * Adds a route, whose place in kore.conf is `order`, to the tree; of two with
 * one shape the first one counts. False: out of memory.
 */
bool	 route_tree_add(struct route_tree *, const struct path_shape *,
	    const struct route *, size_t order);

/*
 * The place of the first route in kore.conf that matches the path; NULL if none
 * does.
 */
const struct route_tree	*route_tree_find(const struct route_tree *,
			    const char *path);

#endif
