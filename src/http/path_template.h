/* SPDX-License-Identifier: ISC */
/* Texts made from a path of kore.conf, with something for each group. */

#ifndef HTTP_PATH_TEMPLATE_H
#define HTTP_PATH_TEMPLATE_H

#include <stdbool.h>

#include "utils/text.h"

/*
 * Adds the regex of a path to the text, without ^, $ and escapes. fn adds what
 * stands for each group; it returns false to give up. Returns false then, and
 * when the regex has more than groups and escapes.
 */
typedef bool	 path_group_fn(struct text *, void *arg);

bool		 path_template(const char *regex, path_group_fn *fn, void *arg,
		    struct text *);

#endif
