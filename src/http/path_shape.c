/* SPDX-License-Identifier: ISC */
/* Splits the paths of kore.conf into segments. */

#include <stdlib.h>
#include <string.h>

#include "http/path_shape.h"

#define GROUP		"([^/]+)"
#define GROUP_LEN	(sizeof(GROUP) - 1)

/* Stands for a group while a path is read: no path has it. */
#define MARK		'\x01'

static size_t
count_segments(const char *path)
{
	size_t	 n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/';
	return (n);
}

/* text: its groups are marked. */
static struct path_shape *
split(const char *text)
{
	struct path_shape	*shape;
	struct segment		*s;
	size_t			 n = count_segments(text), size;
	char			*copy;

	size = sizeof(*shape) + n * sizeof(*s);
	if (*text != '/' ||
	    (shape = malloc(size + strlen(text) + 1)) == NULL)
		return (NULL);
	copy = strcpy((char *)shape + size, text);
	shape->nsegments = n;
	for (s = shape->segments; s < shape->segments + n; s++) {
		s->text = copy + 1;
		s->len = strcspn(s->text, "/");
		copy += 1 + s->len;
		if (memchr(s->text, MARK, s->len) == NULL)
			continue;
		if (s->len > 1) {
			free(shape);
			return (NULL);
		}
		s->text = NULL;
	}
	return (shape);
}

struct path_shape *
path_shape_of_text(const char *path)
{
	return (split(path));
}

/* Writes the regex as a text; false if it has anything but groups of ours. */
static bool
read_regex(const char *regex, char *text)
{
	const char	*p;

	if (*regex != '^')
		return (false);
	for (p = regex + 1; *p != '$'; p++) {
		if (strncmp(p, GROUP, GROUP_LEN) == 0) {
			*text++ = MARK;
			p += GROUP_LEN - 1;
			continue;
		}
		if (*p == '\\' && strchr(".[]()*+?{}|^$\\", p[1]) != NULL)
			p++;
		else if (strchr(".[]()*+?{}|^\\\x01", *p) != NULL)
			return (false);
		if (*p == '\0')
			return (false);
		*text++ = *p;
	}
	*text = '\0';
	return (p[1] == '\0');
}

struct path_shape *
path_shape_of_regex(const char *regex)
{
	char			*text = malloc(strlen(regex) + 1);
	struct path_shape	*shape = NULL;

	if (text != NULL && read_regex(regex, text))
		shape = split(text);
	free(text);
	return (shape);
}

static bool
segment_match(const struct segment *s, const char *text, size_t len)
{
	if (s->text == NULL)
		return (len > 0);
	return (s->len == len && memcmp(s->text, text, len) == 0);
}

bool
path_shape_match(const struct path_shape *shape, const char *path,
    struct span *groups)
{
	const struct segment	*s = shape->segments;
	const char		*p = path;
	size_t			 len;

	for (; s < shape->segments + shape->nsegments; s++, p += len) {
		if (*p++ != '/')
			return (false);
		len = strcspn(p, "/");
		if (!segment_match(s, p, len))
			return (false);
		if (s->text == NULL && groups != NULL) {
			groups->start = (size_t)(p - path);
			groups->end = groups->start + len;
			groups++;
		}
	}
	return (*p == '\0');
}
