/* SPDX-License-Identifier: ISC */
/* Checks the names in kore.conf before Kore reads it. */

#ifndef SRC_KORE_CONF_NAMES_H
#define SRC_KORE_CONF_NAMES_H

#include <stdbool.h>

/* Forgets all names; and later, frees their memory. */
void		 conf_names_begin(bool (*has_symbol)(const char *));
void		 conf_names_end(void);

/*
 * Takes the next line, as its first word and the rest, without blanks around
 * it. Returns what Kore would refuse, in several lines and without the file's
 * name, or would ignore: a route without a ROUTE, a block of parameters for a
 * path that no route above it has, a validator that is not above, or twice. The
 * text says what to write, as start_error() does. NULL: nothing.
 */
const char	*conf_names_take(const char *kind, const char *rest);

#endif
