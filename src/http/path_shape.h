/* SPDX-License-Identifier: ISC */
/*
 * Paths of kore.conf whose groups are whole segments, as /api/v1/users and
 * ^/api/v1/users/([^/]+)$: they need no regex.
 */

#ifndef HTTP_PATH_SHAPE_H
#define HTTP_PATH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	size_t	start, end;
};

/* What stands after a slash. */
struct segment {
	const char	*text;		/* NULL: a group, any text but none */
	size_t		 len;
};

struct path_shape {
	size_t		 nsegments;
	struct segment	 segments[];
};

/*
 * The shape of a path that Kore compares as a text, or of a regex. The caller
 * frees it. NULL if it has none, or without memory.
 */
struct path_shape	*path_shape_of_text(const char *path);
struct path_shape	*path_shape_of_regex(const char *regex);


/*
 * Does the path have this shape? Then groups has the place of each group, and
 * must have room for them; unless it is NULL.
 */
bool	 path_shape_match(const struct path_shape *, const char *path,
	    struct span *groups);

#endif
