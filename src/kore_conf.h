/* SPDX-License-Identifier: ISC */
/* Checks kore.conf before Kore reads it. */

#ifndef SRC_KORE_CONF_H
#define SRC_KORE_CONF_H

#include <stdbool.h>

/*
 * Reads a configuration of Kore as Kore does, with the files that it includes.
 * Returns the first problem of a validator's text (rule_problem()) or a route's
 * regex (posix_problem()), or else of its names (conf_names_take()), with file,
 * line and name, as start_error() does; or NULL. Of a file that cannot be read,
 * Kore says so itself. has_symbol tells whether the program has a symbol; with
 * NULL, no names are checked.
 */
const char	*kore_conf_problem(const char *file,
		    bool (*has_symbol)(const char *));

#endif
