/* SPDX-License-Identifier: ISC */
/* Checks the regexes of kore.conf before Kore compiles them. */

#ifndef SRC_KORE_CONF_H
#define SRC_KORE_CONF_H

/*
 * Reads a configuration of Kore as Kore does, with the files that it includes.
 * Returns the first problem of a validator's text (rule_problem()) or a route's
 * regex (posix_problem()), with file, line and name, as start_error() does; or
 * NULL. Of a file that cannot be read, Kore says so itself.
 */
const char	*kore_conf_problem(const char *file);

#endif
